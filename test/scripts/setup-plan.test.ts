import { describe, expect, it } from 'vitest';
import {
  DEBIAN_PACKAGES,
  type InstallFacts,
  missingPackages,
  planBuild,
  planInstall,
  planPackages,
  readOptions,
  treeMismatch,
  wantedPackages,
} from '../../scripts/setup-plan.mjs';

const names = (rows: readonly { name: string }[]): string[] => rows.map((each) => each.name);

describe('which Debian packages are wanted', () => {
  it('names a purpose for each', () => {
    for (const each of DEBIAN_PACKAGES) expect(each.purpose.length, each.name).toBeGreaterThan(5);
  });

  it.each([
    ['demo', false, ['pcscd', 'vsmartcard-vpcd', 'iproute2', 'libpcsclite-dev', 'python3', 'make', 'g++']],
    ['demo', true, ['pcscd', 'vsmartcard-vpcd', 'iproute2']],
    [
      'test',
      true,
      [
        ...['pcscd', 'vsmartcard-vpcd', 'iproute2', 'libpcsclite-dev', 'opensc', 'pcsc-tools', 'python3-pyscard'],
        ...[
          'socat',
          'libnfc-bin',
          'stm32flash',
          'libnfc-examples',
          'libnfc-pn53x-examples',
          ...['libeac-dev', 'gcc', 'openpace', 'openssl', 'ausweisapp2'],
          'tshark',
          'cardpeek',
          'tmux',
          'postgresql-15',
          'chromium',
          'zbar-tools',
        ],
        ...['python3-cbor2', 'python3-cryptography', 'zsh', 'fish', 'groff-base'],
        ...['gcc-arm-none-eabi', 'libnewlib-arm-none-eabi', 'qemu-system-arm'],
      ],
    ],
  ] as const)('for %s with nfc-pcsc there: %s', (goal, present, expected) => {
    expect(names(wantedPackages(goal, present))).toEqual(expected);
  });

  it('reads what dpkg-query prints', () => {
    const wanted = wantedPackages('demo', true);
    expect(names(missingPackages(wanted, ''))).toEqual(names(wanted));
    const status = 'pcscd installed\nvsmartcard-vpcd config-files\niproute2 installed\n';
    expect(names(missingPackages(wanted, status))).toEqual(['vsmartcard-vpcd']);
  });
});

describe('how missing packages can be had', () => {
  const missing = wantedPackages('demo', true).filter((each) => each.name === 'vsmartcard-vpcd');
  const byHand = 'apt-get update && apt-get install -y --no-install-recommends vsmartcard-vpcd';

  it('has nothing to do when none is missing', () => {
    expect(planPackages({ missing: [], debian: false, root: false, sudo: false })).toEqual({ kind: 'none' });
  });

  it('runs apt-get itself as root, an update first', () => {
    const plan = planPackages({ missing, debian: true, root: true, sudo: false });
    expect(plan).toMatchObject({ kind: 'run', command: byHand });
    if (plan.kind !== 'run') return;
    expect(plan.commands.map((command) => command.slice(0, 3))).toEqual([
      ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get'],
      ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get'],
    ]);
    expect(plan.commands[0]!.at(-1)).toBe('update');
    expect(plan.commands[1]!.slice(-4)).toEqual(['install', '-y', '--no-install-recommends', 'vsmartcard-vpcd']);
  });

  it('goes through sudo where that asks for nothing', () => {
    const plan = planPackages({ missing, debian: true, root: false, sudo: true });
    expect(plan.kind).toBe('run');
    if (plan.kind === 'run') for (const command of plan.commands) expect(command.slice(0, 2)).toEqual(['sudo', '-n']);
  });

  it('prints the command without root and sudo', () => {
    const plan = planPackages({ missing, debian: true, root: false, sudo: false });
    expect(plan).toMatchObject({ kind: 'print', command: byHand, reason: expect.stringContaining('root') });
  });

  it('names what is needed where there is no apt-get', () => {
    const plan = planPackages({ missing, debian: false, root: true, sudo: false });
    expect(plan).toMatchObject({
      kind: 'print',
      command: 'vsmartcard-vpcd',
      reason: expect.stringContaining('not a Debian system'),
    });
  });
});

describe('whether node_modules fits package-lock.json', () => {
  const lock = {
    packages: {
      '': { version: '0.1.0' },
      'node_modules/commander': { version: '14.0.3' },
      'node_modules/@scope/other-system': { version: '1.0.0', optional: true },
      'node_modules/a/node_modules/b': { version: '2.0.0' },
    },
  };
  const laid = (packages: Record<string, { version: string }>) => ({ packages });
  const whole = {
    'node_modules/commander': { version: '14.0.3' },
    'node_modules/a/node_modules/b': { version: '2.0.0' },
  };

  it.each([
    ['fits without packages for other systems', laid(whole), null],
    ['npm never finished', null, 'npm did not finish it'],
    ['one is missing', laid({ 'node_modules/commander': { version: '14.0.3' } }), 'b is missing'],
    [
      'another version',
      laid({ ...whole, 'node_modules/commander': { version: '13.0.0' } }),
      'commander is 13.0.0, not 14.0.3',
    ],
    ['one too many', laid({ ...whole, 'node_modules/zod': { version: '4.0.0' } }), 'zod is not in the lock'],
  ])('%s', (_title, tree, expected) => {
    expect(treeMismatch(lock, tree)).toBe(expected);
  });
});

describe('what to do about node_modules', () => {
  const fine: InstallFacts = {
    nodeModules: true,
    stamp: { lock: 'L', abi: '115', nativeTried: true },
    lockHash: 'L',
    mismatch: null,
    nfcPcsc: true,
    canCompile: true,
    abi: '115',
  };

  it.each<[string, Partial<InstallFacts>, string]>([
    ['all is there', {}, 'none'],
    ['nothing is there', { nodeModules: false, stamp: null, nfcPcsc: false }, 'install'],
    ['it does not fit', { mismatch: 'zod is missing' }, 'install'],
    ['npm was run by hand and it fits', { stamp: null }, 'adopt'],
    ['the lock changed and it fits', { lockHash: 'M' }, 'adopt'],
    ['another Node', { abi: '127' }, 'rebuild'],
    [
      'nfc-pcsc absent, headers came later',
      { nfcPcsc: false, stamp: { ...fine.stamp!, nativeTried: false } },
      'install',
    ],
    ['nfc-pcsc absent, no headers', { nfcPcsc: false, canCompile: false }, 'none'],
    ['nfc-pcsc absent, compiling was tried', { nfcPcsc: false }, 'none'],
    ['nfc-pcsc absent, compiling was tried for another Node', { nfcPcsc: false, abi: '127' }, 'install'],
    ['nfc-pcsc absent, compiling was tried with another lock', { nfcPcsc: false, lockHash: 'M' }, 'install'],
    ['nfc-pcsc absent, never tried', { nfcPcsc: false, stamp: null }, 'install'],
  ])('%s', (_title, change, action) => {
    expect(planInstall({ ...fine, ...change }).action).toBe(action);
  });
});

describe('what to do about dist/', () => {
  it.each([
    ['never built', { stamp: null, sources: 'A', entry: false }, 'build'],
    ['entry lost', { stamp: { sources: 'A' }, sources: 'A', entry: false }, 'build'],
    ['sources changed', { stamp: { sources: 'A' }, sources: 'B', entry: true }, 'build'],
    ['as it was', { stamp: { sources: 'A' }, sources: 'A', entry: true }, 'none'],
  ])('%s', (_title, found, action) => {
    expect(planBuild(found).action).toBe(action);
  });
});

describe('options of the set-up', () => {
  it.each([
    [[], { goal: 'test', check: false }],
    [['--for', 'demo'], { goal: 'demo', check: false }],
    [['--check', '--for', 'test'], { goal: 'test', check: true }],
  ])('%j', (args, expected) => {
    expect(readOptions(args)).toEqual(expected);
  });

  it.each([[['--for']], [['--for', 'fun']], [['--force']]])('refuses %j with a sentence', (args) => {
    expect(() => readOptions(args)).toThrow(/--for/);
  });
});
