/**
 * What the set-up has to do, decided from what was found. No I/O here: setup.mjs looks and acts.
 *
 * Node built-ins only, everywhere in scripts/: these run before node_modules exists.
 */

/** The oldest Node that the project runs on. */
export const OLDEST_NODE = 20;

/**
 * Debian packages, what each is for, and which goal needs it. `onlyToCompile`: goals that need it only while nfc-pcsc
 * has to be compiled.
 */
export const DEBIAN_PACKAGES = [
  { name: 'pcscd', purpose: 'the PC/SC service', goals: ['demo', 'test'], onlyToCompile: [] },
  { name: 'vsmartcard-vpcd', purpose: 'the virtual reader of pcscd', goals: ['demo', 'test'], onlyToCompile: [] },
  { name: 'iproute2', purpose: 'the network of a private pcscd', goals: ['demo', 'test'], onlyToCompile: [] },
  {
    name: 'libpcsclite-dev',
    purpose: 'headers for nfc-pcsc and a terminal of the tests; libpcscspy, which records in the tests',
    goals: ['demo', 'test'],
    onlyToCompile: ['demo'],
  },
  { name: 'python3', purpose: 'compiling nfc-pcsc', goals: ['demo', 'test'], onlyToCompile: ['demo', 'test'] },
  { name: 'make', purpose: 'compiling nfc-pcsc', goals: ['demo', 'test'], onlyToCompile: ['demo', 'test'] },
  { name: 'g++', purpose: 'compiling nfc-pcsc', goals: ['demo', 'test'], onlyToCompile: ['demo', 'test'] },
  { name: 'opensc', purpose: 'opensc-tool, which reads the card in the tests', goals: ['test'], onlyToCompile: [] },
  { name: 'pcsc-tools', purpose: 'scriptor, which reads the card in the tests', goals: ['test'], onlyToCompile: [] },
  {
    name: 'python3-pyscard',
    purpose: 'pyscard, which reads the card in the tests',
    goals: ['test'],
    onlyToCompile: [],
  },
  {
    name: 'socat',
    purpose: 'serial lines of simulated boards, and sockets of the tests',
    goals: ['test'],
    onlyToCompile: [],
  },
  {
    name: 'libnfc-bin',
    purpose: 'nfc-list, which takes the simulated board for a real one',
    goals: ['test'],
    onlyToCompile: [],
  },
  {
    name: 'stm32flash',
    purpose: 'a flasher that we did not write, for the simulated bootloader',
    goals: ['test'],
    onlyToCompile: [],
  },
  { name: 'libnfc-examples', purpose: 'nfc-poll and nfc-emulate-forum-tag4', goals: ['test'], onlyToCompile: [] },
  { name: 'libnfc-pn53x-examples', purpose: 'pn53x-tamashell', goals: ['test'], onlyToCompile: [] },
  {
    name: 'libeac-dev',
    purpose: 'OpenPACE, from which the tests make a terminal and a chip that we did not write',
    goals: ['test'],
    onlyToCompile: [],
  },
  {
    name: 'gcc',
    purpose: 'compiling those two programs, and the engine of the firmware',
    goals: ['firmware', 'test'],
    onlyToCompile: [],
  },
  {
    name: 'openpace',
    purpose: 'cvc-create and cvc-print, which make and check certificates',
    goals: ['test'],
    onlyToCompile: [],
  },
  { name: 'openssl', purpose: 'checking who signed EF.CardSecurity', goals: ['test'], onlyToCompile: [] },
  {
    name: 'ausweisapp2',
    purpose: 'a client of identity cards, which changes PINs',
    goals: ['test'],
    onlyToCompile: [],
  },
  { name: 'tshark', purpose: 'reading the captures that are exported', goals: ['test'], onlyToCompile: [] },
  { name: 'cardpeek', purpose: 'replaying traces that are exported for it', goals: ['test'], onlyToCompile: [] },
  {
    name: 'tmux',
    purpose: 'a terminal, in which the tests type into `vitap shell`',
    goals: ['test'],
    onlyToCompile: [],
  },
  { name: 'postgresql-15', purpose: 'the database of the issuer, beside PGlite', goals: ['test'], onlyToCompile: [] },
  { name: 'chromium', purpose: 'looking at reports and served pages', goals: ['test'], onlyToCompile: [] },
  { name: 'zbar-tools', purpose: 'zbarimg, which reads QR codes', goals: ['test'], onlyToCompile: [] },
  {
    name: 'python3-cbor2',
    purpose: 'decoding QR codes and status lists in the tests',
    goals: ['test'],
    onlyToCompile: [],
  },
  {
    name: 'python3-cryptography',
    purpose: 'verifying their signatures',
    goals: ['test'],
    onlyToCompile: [],
  },
  { name: 'zsh', purpose: 'completing command lines', goals: ['test'], onlyToCompile: [] },
  { name: 'fish', purpose: 'completing command lines', goals: ['test'], onlyToCompile: [] },
  { name: 'groff-base', purpose: 'reading the manual page', goals: ['test'], onlyToCompile: [] },
  {
    name: 'gcc-arm-none-eabi',
    purpose: 'compiling the firmware',
    goals: ['firmware', 'test'],
    onlyToCompile: [],
  },
  {
    name: 'libnewlib-arm-none-eabi',
    purpose: 'the C library of the firmware',
    goals: ['firmware', 'test'],
    onlyToCompile: [],
  },
  { name: 'qemu-system-arm', purpose: 'running the firmware', goals: ['firmware', 'test'], onlyToCompile: [] },
];

/** The packages that a goal needs; those for compiling only when nfc-pcsc is not there yet. */
export function wantedPackages(goal, nfcPcscPresent) {
  return DEBIAN_PACKAGES.filter(
    (each) => each.goals.includes(goal) && !(nfcPcscPresent && each.onlyToCompile.includes(goal)),
  );
}

/** Arguments of dpkg-query for missingPackages. It exits with 1 when some are unknown; they have no line then. */
export function statusQuery(wanted) {
  const format = ['Package', 'db:Status-Status'].map((field) => `$\{${field}}`).join(' ');
  return ['-W', '-f', `${format}\n`, ...wanted.map((each) => each.name)];
}

/**
 * @param wanted rows of DEBIAN_PACKAGES
 * @param statusText lines `NAME STATUS` as dpkg-query prints them; unknown packages have no line
 */
export function missingPackages(wanted, statusText) {
  const installed = new Set();
  for (const line of statusText.split('\n')) {
    const [name, status] = line.trim().split(/\s+/);
    if (status === 'installed') installed.add(name);
  }
  return wanted.filter((each) => !installed.has(each.name));
}

const APT_OPTIONS = ['-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=1'];

/**
 * How the missing packages can be had on this machine.
 * @returns `{ kind: 'none' }`, `{ kind: 'run', commands }` or `{ kind: 'print', reason, command }`
 */
export function planPackages({ missing, debian, root, sudo }) {
  if (missing.length === 0) return { kind: 'none' };
  const names = missing.map((each) => each.name);
  const byHand = `apt-get update && apt-get install -y --no-install-recommends ${names.join(' ')}`;
  if (!debian) {
    return {
      kind: 'print',
      reason: 'this is not a Debian system; install what these packages hold (named as on Debian)',
      command: names.join(' '),
    };
  }
  if (!root && !sudo) {
    return { kind: 'print', reason: 'this needs root, and sudo without a password is not there', command: byHand };
  }
  const before = root ? [] : ['sudo', '-n'];
  const environment = ['env', 'DEBIAN_FRONTEND=noninteractive'];
  return {
    kind: 'run',
    commands: [
      [...before, ...environment, 'apt-get', ...APT_OPTIONS, 'update'],
      [...before, ...environment, 'apt-get', ...APT_OPTIONS, 'install', '-y', '--no-install-recommends', ...names],
    ],
    command: root ? byHand : `sudo sh -c '${byHand}'`,
  };
}

/**
 * Compares package-lock.json with the tree that npm says it laid out.
 * @param lock package-lock.json, parsed
 * @param laid node_modules/.package-lock.json, parsed, or null
 * @returns null when the tree fits, else the first difference as a sentence
 */
export function treeMismatch(lock, laid) {
  if (laid === null) return 'npm did not finish it';
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path === '') continue;
    const there = laid.packages[path];
    const name = path.replace(/^.*node_modules\//, '');
    if (there === undefined) {
      // Packages for other systems, and nfc-pcsc where it cannot be compiled, are rightly absent.
      if (entry.optional || entry.devOptional) continue;
      return `${name} is missing`;
    }
    if (there.version !== entry.version) return `${name} is ${there.version}, not ${entry.version}`;
  }
  for (const path of Object.keys(laid.packages)) {
    if (lock.packages[path] === undefined) return `${path.replace(/^.*node_modules\//, '')} is not in the lock`;
  }
  return null;
}

/**
 * What to do about node_modules.
 * @param found.stamp what the last set-up wrote, `{ lock, abi, nativeTried }`, or null
 * @param found.mismatch what treeMismatch said
 * @returns `{ action: 'none' | 'adopt' | 'install' | 'rebuild', reason }`; `adopt`: as npm laid it, only the stamp is new
 */
export function planInstall(found) {
  const { nodeModules, stamp, lockHash, mismatch, nfcPcsc, canCompile, abi } = found;
  if (!nodeModules) return { action: 'install', reason: 'node_modules is missing' };
  if (mismatch !== null)
    return { action: 'install', reason: `node_modules does not fit package-lock.json: ${mismatch}` };
  // One try for each lock and Node: a machine where it cannot be compiled is not made to wait each time.
  const tried = stamp?.nativeTried === true && stamp.lock === lockHash && stamp.abi === abi;
  if (!nfcPcsc && canCompile && !tried) {
    return { action: 'install', reason: 'nfc-pcsc is absent and can be compiled now' };
  }
  if (nfcPcsc && stamp !== null && stamp.abi !== abi) {
    return { action: 'rebuild', reason: 'nfc-pcsc was compiled for another Node' };
  }
  if (stamp === null || stamp.lock !== lockHash || stamp.abi !== abi)
    return { action: 'adopt', reason: 'node_modules fits' };
  return { action: 'none', reason: '' };
}

/**
 * What to do about dist/.
 * @param found.stamp what the last build wrote, `{ sources }`, or null
 * @param found.entry whether the built command line is there
 */
export function planBuild({ stamp, sources, entry }) {
  if (!entry || stamp === null) return { action: 'build', reason: 'not built yet' };
  if (stamp.sources !== sources) return { action: 'build', reason: 'the sources changed' };
  return { action: 'none', reason: '' };
}

/** The options of setup.mjs. @throws {Error} one sentence */
const GOALS = ['demo', 'test', 'firmware'];

export function readOptions(args) {
  const options = { goal: 'test', check: false };
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--check') options.check = true;
    else if (args[i] === '--for') {
      const goal = args[++i];
      if (!GOALS.includes(goal)) throw new Error(`--for takes ${GOALS.join(', ')}`);
      options.goal = goal;
    } else throw new Error(`set-up does not know ${args[i]}; it takes --for ${GOALS.join('|')} and --check`);
  }
  return options;
}
