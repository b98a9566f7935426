/** Who may ask what over HTTP, in a real Node-RED with `adminAuth`: each route of the package with each permission. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { NodeRedProcess } from '../harness/node-red-process';

const { hashSync } = createRequire(__filename)('bcryptjs') as {
  hashSync: (password: string, rounds: number) => string;
};

const PERMISSIONS: Readonly<Record<string, string>> = {
  everything: '*',
  read: 'read',
  'other nodes only': 'inject.read',
};

/** What each may ask for. Node-RED's own `read` covers each `<node>.read`. */
const ROUTES: readonly {
  readonly method: string;
  readonly route: string;
  readonly body?: unknown;
  readonly allowed: readonly string[];
}[] = [
  { method: 'GET', route: '/tracelife/preflight', allowed: ['everything', 'read'] },
  { method: 'GET', route: '/tracelife/signal-filter/filter/proposal', allowed: ['everything', 'read'] },
  {
    method: 'POST',
    route: '/tracelife/signal-filter/dry-run',
    body: { rules: '[]', filename: 'example' },
    allowed: ['everything'],
  },
];

describe('the admin routes, with adminAuth', () => {
  let nodeRed: NodeRedProcess;
  const tokens = new Map<string, string>();
  const password = 'a test';

  before(async function () {
    this.timeout(90_000);
    const users = Object.entries(PERMISSIONS).map(([username, permissions]) => ({
      username,
      // Few rounds: nobody is to be kept out of this one.
      password: hashSync(password, 4),
      permissions,
    }));
    nodeRed = await NodeRedProcess.start({
      flows: [
        { id: 'tab', type: 'tab', label: 'routes' },
        { id: 'filter', type: 'signal-filter', z: 'tab', learn: true, wires: [[], []] },
      ],
      settings: { adminAuth: { type: 'credentials', users } },
    });
    for (const [username, scope] of Object.entries(PERMISSIONS)) {
      const login = { client_id: 'node-red-admin', grant_type: 'password', scope, username, password };
      const answer = await nodeRed.request('POST', '/auth/token', login);
      tokens.set(username, (answer as { access_token: string }).access_token);
    }
  });
  after(() => nodeRed.stop());

  const ask = async (method: string, route: string, body: unknown, user: string | null): Promise<number> => {
    const response = await fetch(nodeRed.url + route, {
      method,
      headers: {
        'Content-Type': 'application/json',
        ...(user !== null && { Authorization: `Bearer ${tokens.get(user)!}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    await response.arrayBuffer();
    return response.status;
  };

  for (const { method, route, body, allowed } of ROUTES) {
    for (const user of Object.keys(PERMISSIONS)) {
      const isAllowed = allowed.includes(user);
      it(`${isAllowed ? 'answer' : 'refuse'} ${method} ${route} with ${user}`, async () => {
        assert.equal(await ask(method, route, body, user), isAllowed ? 200 : 401);
      });
    }

    it(`refuse ${method} ${route} without a login`, async () => {
      assert.equal(await ask(method, route, body, null), 401);
    });
  }

  it('are all in this table', () => {
    const registered = globSync('nodes/**/*.ts').flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/RED\.httpAdmin\.(\w+)\(\s*'([^']+)'/g)].map(
        ([, method = '', route = '']) => `${method.toUpperCase()} ${route.replace(':id', 'filter')}`,
      ),
    );
    assert.deepEqual(registered.sort(), ROUTES.map(({ method, route }) => `${method} ${route}`).sort());
  });
});
