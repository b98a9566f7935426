/**
 * What the path of a process's cgroup says of it: the systemd unit and the container that it belongs to.
 *
 * Sources: cgroups(7); systemd's src/basic/cgroup-util.c (cg_path_get_unit, cg_path_get_user_unit, cg_unescape) for
 * units; for containers the names that each engine gives to the cgroups that it makes, listed below.
 */

/** What the kernel puts after the path of a cgroup that was removed while a process in it is not yet reaped. */
const REMOVED = / \(deleted\)$/;

/**
 * The path of a process, from its /proc/PID/cgroup: that of version 2 (`0::/path`). Where version 2 is not mounted, or
 * knows nothing but its root because the others are in use, it is systemd's own hierarchy of version 1.
 * @returns null where neither is there
 */
export function cgroupOf(text: string): string | null {
  let unified: string | null = null;
  let named: string | null = null;
  for (const line of text.split('\n')) {
    if (line.startsWith('0::')) unified = line.slice('0::'.length).replace(REMOVED, '');
    const v1 = /^\d+:name=systemd:(.*)$/.exec(line);
    if (v1) named = v1[1]!;
  }
  if (unified === null || (unified === '/' && named !== null)) return named ?? unified;
  return unified;
}

/** Types of units that processes run in. */
const UNIT = /^[\w:.\\@-]+\.(?:service|scope|socket|mount|swap)$/;
/** The manager of a user's own units, which are below it. */
const USER_MANAGER = /^user@\d+\.service$/;

/** A name that begins as the kernel's own files do has a `_` before it (cg_escape). */
function unescaped(component: string): string {
  return component.startsWith('_') ? component.slice(1) : component;
}

/** The unit that is first after slices, and what is below it. */
function firstUnit(components: readonly string[]): { unit: string; below: readonly string[] } | null {
  for (const [index, component] of components.entries()) {
    const name = unescaped(component);
    if (name.endsWith('.slice')) continue;
    return UNIT.test(name) ? { unit: name, below: components.slice(index + 1) } : null;
  }
  return null;
}

/**
 * The systemd unit, as `systemctl` prints it: `ssh.service`; for what runs under a user's manager that user's own unit,
 * `foo.scope`. What a service has below itself, as container engines and nested managers do, is of that service.
 * @returns null where no unit is in the path
 */
export function unitOf(path: string): string | null {
  const found = firstUnit(path.split('/').filter((component) => component !== ''));
  if (found === null || !USER_MANAGER.test(found.unit)) return found?.unit ?? null;
  return firstUnit(found.below)?.unit ?? found.unit;
}

/**
 * Names that container engines give. The processes that watch a container (`libpod-conmon-...`, `crio-conmon-...`,
 * `lxc.monitor.NAME`) are not in it.
 */
const CONTAINERS: readonly RegExp[] = [
  // Docker, podman, CRI-O, containerd's CRI, nerdctl with systemd's driver.
  /^(?:docker|libpod|crio|cri-containerd|nerdctl)-([0-9a-f]{12,64})\.scope$/,
  // The same with the driver cgroupfs, or where runc was given systemd's form without systemd.
  /^(?:libpod|crio)-([0-9a-f]{12,64})$/,
  /:(?:docker|crio|cri-containerd|nerdctl|libpod):([0-9a-f]{12,64})$/,
  // Docker, Kubernetes (`/kubepods/.../podUID/ID`), ECS, containerd with cgroupfs.
  /^([0-9a-f]{64})$/,
  // LXC from 4.0 on, and LXD.
  /^lxc\.payload\.(.+)$/,
];
/** LXC before 4.0, and where a container's payload is a folder of its own: `/lxc/NAME`. */
const LXC_PARENT = new Set(['lxc', 'lxc.payload']);

/**
 * The container: its id, as `docker ps --no-trunc` has it, or for LXC its name. In containers that run in containers
 * it is the innermost, in which the process is.
 * @returns null where the path names none
 */
export function containerOf(path: string): string | null {
  const components = path.split('/');
  for (let index = components.length - 1; index >= 0; index--) {
    const component = unescaped(components[index]!);
    for (const form of CONTAINERS) {
      const id = form.exec(component)?.[1];
      if (id !== undefined) return id;
    }
    if (component !== '' && LXC_PARENT.has(components[index - 1] ?? '')) return component;
  }
  return null;
}
