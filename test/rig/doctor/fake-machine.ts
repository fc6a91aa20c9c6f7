import type { Machine, ProbeName, Ran } from '../../../rig/doctor/machine.ts';

/** A machine made of tables: files by path, programs and probes by name. */
export interface FakeMachine {
  readonly platform?: string;
  readonly nodeVersion?: string;
  /** A checkout in /package by default. */
  readonly packageRoot?: string;
  readonly env?: Machine['env'];
  readonly files?: Readonly<Record<string, string>>;
  /** Paths that exist and are not to be opened. */
  readonly locked?: readonly string[];
  readonly programs?: Readonly<Record<string, Ran>>;
  readonly probes?: Readonly<Partial<Record<ProbeName, Ran>>>;
  readonly socket?: Awaited<ReturnType<Machine['probeSocket']>>;
  readonly modules?: Readonly<Record<string, unknown>>;
}

export const printed = (stdout: string): Ran => ({ outcome: 'exited', exitCode: 0, stdout, stderr: '' });
export const failed = (stderr: string): Ran => ({ outcome: 'exited', exitCode: 2, stdout: '', stderr });
export const killed: Ran = { outcome: 'killed', exitCode: 0, stdout: '', stderr: '' };
const absent: Ran = { outcome: 'absent', exitCode: 0, stdout: '', stderr: '' };

export function fakeMachine(fake: FakeMachine): Machine {
  const files = fake.files ?? {};
  return {
    platform: fake.platform ?? 'linux',
    nodeVersion: fake.nodeVersion ?? 'v20.20.2',
    env: fake.env ?? {},
    packageRoot: fake.packageRoot ?? '/package',
    readText: (path) => files[path] ?? null,
    exists: (path) => Object.keys(files).some((each) => each === path || each.startsWith(`${path}/`)),
    list: (folder) =>
      Object.keys(files)
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1)),
    mayUse: (path) => !(fake.locked ?? []).includes(path),
    findProgram: (name) => (fake.programs?.[name] === undefined ? null : `/usr/bin/${name}`),
    run: async (program) => fake.programs?.[program.replace('/usr/bin/', '')] ?? absent,
    probe: async (name) => fake.probes?.[name] ?? absent,
    probeSocket: async () => fake.socket ?? 'absent',
    load: async (path) => fake.modules?.[path] ?? null,
  };
}
