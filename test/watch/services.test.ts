import assert from 'node:assert/strict';
import type { HostProcess, Membership } from '../../src/watch/host-process';
import { readSelector } from '../../src/watch/selector';
import { Services } from '../../src/watch/services';

const selector = readSelector('name:web', 'selectors');

function member(pid: number, comm = 'web', name: string | null = 'web'): Membership {
  const main = { id: `${pid}@1.000000`, pid, known: { comm } } as unknown as HostProcess;
  return { selector, name, main, life: null };
}

function begun(services: Services, membership: Membership): Membership {
  services.begin(membership);
  return membership;
}

const end = (process: string, signal: string | null = null) => ({ process, ts: 5, time: null, signal });

describe('the generation of a service', () => {
  it('is 1 for the first, and one more for whoever takes its place, with what ended the one before', () => {
    const services = new Services();
    const first = begun(services, member(10));
    assert.deepEqual(first.life, { selector: 'name:web', name: 'web', generation: 1, previous: null });
    services.end(first, end('10@1.000000', 'SIGKILL'));
    const second = begun(services, member(11));
    assert.equal(second.life?.generation, 2);
    assert.deepEqual(second.life.previous, end('10@1.000000', 'SIGKILL'));
  });

  it('counts those that run side by side apart: one that starts beside a living one takes nobody’s place', () => {
    const services = new Services();
    const [a, b] = [begun(services, member(10)), begun(services, member(11))];
    assert.deepEqual([a.life?.generation, b.life?.generation], [1, 1]);
    services.end(b, end('11@1.000000'));
    const c = begun(services, member(12));
    assert.deepEqual([c.life?.generation, c.life?.previous?.process], [2, '11@1.000000']);
  });

  it('is not shared by another program of the same unit, such as one that runs before it starts', () => {
    const services = new Services();
    const check = begun(services, member(10, 'web-check', 'web.service'));
    services.end(check, end('10@1.000000'));
    assert.equal(begun(services, member(11, 'web', 'web.service')).life?.generation, 1);
    assert.equal(begun(services, member(12, 'web-check', 'web.service')).life?.generation, 2);
  });

  it('is nobody’s where nothing restarts under one name', () => {
    assert.equal(begun(new Services(), member(10, 'sh', null)).life, null);
  });

  it('is forgotten, and counted as forgotten, of services that are gone, when there are too many', () => {
    const services = new Services();
    const alive = begun(services, member(1, 'alive'));
    for (let pid = 2; pid < 10_100; pid++) {
      const one = begun(services, member(pid, `p${pid}`));
      services.end(one, end(one.main.id));
    }
    assert.equal(services.size, 10_000);
    assert.equal(services.forgotten, 99);
    services.end(alive, end(alive.main.id));
    assert.equal(begun(services, member(20_000, 'alive')).life?.generation, 2);
  });
});
