import assert from 'node:assert/strict';
import { parsePasswd, UserNames } from '../../src/session/user-names';

describe('the names of users', () => {
  it('are those of /etc/passwd, the first one of a number', () => {
    const text = `root:x:0:0:root:/root:/bin/bash
toor:x:0:0::/root:/bin/sh
# comment:x:7:7
+::::::
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
broken:x:
:x:5:5
worse:x:-1:1
`;
    assert.deepEqual(
      [...parsePasswd(text)],
      [
        [0, 'root'],
        [65534, 'nobody'],
      ],
    );
  });

  it('are none for numbers that nobody has', () => {
    const names = new UserNames();
    assert.equal(names.of(0), 'root');
    assert.equal(names.of(4_000_000_000), null);
  });
});
