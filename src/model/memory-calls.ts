/**
 * Follows mmap, munmap, mremap and mprotect, and tells libraries from other mapped files: a library is mapped
 * executable at some time, or called like one. ld.so.cache, locale archives and fonts are only files.
 *
 * The executable and the dynamic linker are mapped by the kernel inside exec, without any call to see.
 */
import { isErrno } from '../kernel/errno';
import { exactNumber, hasBits, int32 } from './field-values';
import { pageEnd, type Load } from './mappings';
import { unnamedFile } from './open-files';
import type { Process } from './process';
import type { Library } from './report';
import type { StageLog } from './stage-log';
import { argument } from './pending-call';
import { type CallSubject } from './system-calls';

const MAX_LIBRARIES = 10_000;

const PROT_EXEC = 4;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
const MAP_FIXED_NOREPLACE = 0x100000;
const MREMAP_DONTUNMAP = 4;

/** `libc.so.6`, `libm-2.31.so`, `ld-linux-x86-64.so.2`; not `ld.so.cache`. */
const LIBRARY_NAME = /\.so(?:\.[0-9A-Za-z_-]+)*$/;
const NOT_A_LIBRARY = /\.so\.(?:cache|conf|preload|nohwcap|hwcap)$/;

export function looksLikeLibrary(path: string): boolean {
  return LIBRARY_NAME.test(path) && !NOT_A_LIBRARY.test(path);
}

export function memoryCalls(stages: StageLog): readonly (readonly [string, CallSubject])[] {
  /** The load is a library: the report gets its line, in the process whose memory it is. */
  function listLibrary(process: Process, load: Load): void {
    if (load.library || load.inherited) return;
    const owner = process.memoryOwner;
    if (owner.record.libraries.length >= MAX_LIBRARIES) {
      owner.librariesLeftOut++;
      return;
    }
    const { file } = load;
    const library: Library = {
      path: file.path,
      opened: null,
      ts: load.ts,
      base: load.base,
      end: load.end,
      nameSource: file.nameSource,
      inMaps: null,
    };
    load.library = library;
    if (file.path === null) {
      file.named = () => {
        library.path ??= file.path;
        library.nameSource ??= file.nameSource;
      };
    }
    owner.record.libraries.push(library);
    owner.loads.push(load);
    const name = library.path ?? 'a file of unknown name';
    stages.add(
      'library',
      load.ts,
      owner,
      `${owner.title} mapped ${name} at 0x${load.base.toString(16)}`,
      library,
    );
  }

  const mmap: CallSubject = {
    exit: (task, call, ret, event) => {
      if (!call || isErrno(ret)) return;
      const { process } = task;
      const length = exactNumber(argument(call, 'len'));
      if (length === null) return;
      const flags = argument(call, 'flags');
      if (hasBits(flags, MAP_ANONYMOUS) !== false) {
        process.memory.unmap(ret, length, event.ts);
        return;
      }
      const number = int32(argument(call, 'fd'));
      const file = (number === null ? null : process.files.get(number)) ?? unnamedFile();
      const fixed = hasBits(flags, MAP_FIXED) === true || hasBits(flags, MAP_FIXED_NOREPLACE) === true;
      const offset = exactNumber(argument(call, 'off')) ?? 0;
      const load = (fixed ? process.memory.loadAround(ret, file) : null) ?? {
        file,
        base: ret,
        end: pageEnd(ret, length),
        offset,
        ts: event.ts,
        unmapped: null,
        library: null,
        inherited: false,
        pieces: 0,
      };
      process.memory.map(ret, length, offset, load, event.ts);
      const prot = argument(call, 'prot');
      if (hasBits(prot, PROT_EXEC) === true || (file.path !== null && looksLikeLibrary(file.path))) {
        listLibrary(process, load);
      }
    },
  };

  const munmap: CallSubject = {
    exit: (task, call, ret, event) => {
      if (!call || ret !== 0) return;
      const start = exactNumber(argument(call, 'addr'));
      const length = exactNumber(argument(call, 'len'));
      if (start !== null && length !== null) task.process.memory.unmap(start, length, event.ts);
    },
  };

  const mremap: CallSubject = {
    exit: (task, call, ret, event) => {
      if (!call || isErrno(ret)) return;
      const from = exactNumber(argument(call, 'addr'));
      const oldLength = exactNumber(argument(call, 'old_len'));
      const newLength = exactNumber(argument(call, 'new_len'));
      if (from === null || oldLength === null || newLength === null) return;
      const keepsOld = hasBits(argument(call, 'flags'), MREMAP_DONTUNMAP) === true;
      task.process.memory.move(from, keepsOld ? 0 : oldLength, ret, newLength, event.ts);
    },
  };

  /** Loaders that map first and allow execution later. */
  const mprotect: CallSubject = {
    exit: (task, call, ret) => {
      if (!call || ret !== 0) return;
      const from = exactNumber(argument(call, 'start'));
      const length = exactNumber(argument(call, 'len'));
      const prot = argument(call, 'prot');
      if (from === null || length === null || hasBits(prot, PROT_EXEC) !== true) return;
      for (const load of task.process.memory.loadsWithin(from, length)) listLibrary(task.process, load);
    },
  };

  return [
    ['mmap', mmap],
    ['munmap', munmap],
    ['mremap', mremap],
    ['mprotect', mprotect],
    ['pkey_mprotect', mprotect],
  ];
}
