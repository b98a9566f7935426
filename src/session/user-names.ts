/** The names of the machine's users, by number: /etc/passwd (passwd(5)). Users of a directory service are not in it. */
import { readFileSync } from 'node:fs';

const PASSWD = '/etc/passwd';

/** The first name of a number counts, as for getpwuid(3). Lines that are none are passed over. */
export function parsePasswd(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name = '', , uid = ''] = line.split(':');
    if (name === '' || name.startsWith('#') || !/^\d+$/.test(uid) || names.has(Number(uid))) continue;
    names.set(Number(uid), name);
  }
  return names;
}

/** Read once, when the first name is asked for. */
export class UserNames {
  #names: Map<number, string> | null = null;

  of(uid: number): string | null {
    this.#names ??= this.#read();
    return this.#names.get(uid) ?? null;
  }

  #read(): Map<number, string> {
    try {
      return parsePasswd(readFileSync(PASSWD, 'utf8'));
    } catch {
      return new Map();
    }
  }
}
