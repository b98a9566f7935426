/** A user as a setting has it: a name, `uid`, or `uid:gid`. */
import { readFileSync } from 'node:fs';
import { TraceError } from '../../src/trace-error';

export interface UserIds {
  readonly uid: number;
  readonly gid: number;
}

const NUMBERS = /^(?<uid>\d+)(?::(?<gid>\d+))?$/;

/**
 * Names come from /etc/passwd (passwd(5)); users that only a directory service knows are named by number.
 * @throws TraceError CONFIG_INVALID for a name that is not there
 */
export function findUser(user: string, passwd = '/etc/passwd'): UserIds {
  const numbers = NUMBERS.exec(user)?.groups;
  const uid = numbers?.['uid'];
  const gid = numbers?.['gid'];
  if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  const lines = readFileSync(passwd, 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const entry = lines.find(([name, , number]) => (uid === undefined ? name === user : number === uid));
  if (entry !== undefined) return { uid: Number(entry[2]), gid: Number(entry[3]) };
  if (uid !== undefined) return { uid: Number(uid), gid: Number(uid) };
  throw new TraceError(
    'CONFIG_INVALID',
    `user "${user}" is not in ${passwd}; give uid:gid for a user from elsewhere`,
  );
}
