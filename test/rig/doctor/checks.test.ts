import { describe, expect, it } from 'vitest';
import type { Check, Finding } from '../../../rig/doctor/check.ts';
import {
  buildCheck,
  nfcPcscCheck,
  nodeCheck,
  packagesCheck,
  pcscFfiCheck,
} from '../../../rig/doctor/checks/package.ts';
import { kernelNfcCheck, libnfcCheck, pcscdCheck, readersCheck } from '../../../rig/doctor/checks/pcsc.ts';
import { serialCheck } from '../../../rig/doctor/checks/serial.ts';
import { vpcdCheck, vpcdDelayCheck, vpcdPortCheck } from '../../../rig/doctor/checks/vpcd.ts';
import * as setupPlan from '../../../scripts/setup-plan.mjs';
import { type FakeMachine, failed, fakeMachine, killed, printed } from './fake-machine.ts';

const pass: Finding = { verdict: 'pass', detail: '' };
const warn: Finding = { verdict: 'warn', detail: '' };
const fail: Finding = { verdict: 'fail', detail: '' };

function look(check: Check, machine: FakeMachine, earlier: Record<string, Finding> = {}): Promise<Finding> {
  return check.look(fakeMachine(machine), new Map(Object.entries(earlier)));
}

/** Title, machine, verdict, words in the detail, words in the cure. */
type Row = [string, FakeMachine, Finding['verdict'], string, string?];

function table(check: Check, earlier: Record<string, Finding>, rows: Row[]): void {
  it.each(rows)('%s', async (_title, machine, verdict, detail, cure) => {
    const finding = await look(check, machine, earlier);
    expect(finding.detail).toContain(detail);
    expect(finding.verdict).toBe(verdict);
    if (cure === undefined) expect(finding.cure).toBeUndefined();
    else expect(finding.cure).toContain(cure);
  });
}

describe('node', () => {
  table(nodeCheck, {}, [
    ['new enough', { nodeVersion: 'v20.0.0' }, 'pass', 'v20.0.0'],
    ['far newer', { nodeVersion: 'v100.1.0' }, 'pass', 'v100.1.0'],
    ['too old', { nodeVersion: 'v18.20.4' }, 'fail', 'too old', 'Node 20'],
  ]);
});

describe('build', () => {
  const main = { '/package/dist/rig/command/main.js': '' };
  const sources = { '/package/src/index.ts': '' };
  const fingerprint = { 'scripts/fingerprint.mjs': { BUILD_STAMP: 'dist/.stamp.json', sourcesFingerprint: () => 'A' } };
  const stamp = (text: string) => ({ '/package/dist/.stamp.json': text });

  table(buildCheck, {}, [
    ['missing', {}, 'fail', 'missing', 'npm run build'],
    ['an installed package', { files: main }, 'pass', 'installed package'],
    [
      'fresh',
      { files: { ...main, ...sources, ...stamp('{"sources":"A"}') }, modules: fingerprint },
      'pass',
      'as they are',
    ],
    [
      'stale',
      { files: { ...main, ...sources, ...stamp('{"sources":"B"}') }, modules: fingerprint },
      'warn',
      'other sources',
      'npm run build',
    ],
    [
      'made by hand',
      { files: { ...main, ...sources }, modules: fingerprint },
      'warn',
      'other sources',
      'npm run build',
    ],
  ]);
});

describe('packages', () => {
  const modules = { 'scripts/setup-plan.mjs': setupPlan };
  const all = setupPlan.DEBIAN_PACKAGES.map((each) => `${each.name} installed`);

  table(packagesCheck, {}, [
    ['not a checkout', {}, 'info', 'not a checkout'],
    ['not Debian', { modules }, 'info', 'not a Debian system'],
    ['all there', { modules, programs: { 'dpkg-query': printed(all.join('\n')) } }, 'pass', 'pcscd'],
    [
      'one missing',
      { modules, programs: { 'dpkg-query': printed(all.filter((line) => !line.startsWith('socat')).join('\n')) } },
      'warn',
      'missing: socat (',
      'apt-get install --no-install-recommends socat',
    ],
    ['dpkg hangs', { modules, programs: { 'dpkg-query': killed } }, 'warn', 'did not answer'],
  ]);
});

describe('nfc-pcsc', () => {
  const files = { '/package/node_modules/nfc-pcsc/package.json': '' };
  table(nfcPcscCheck, {}, [
    ['loads', { files, probes: { load: printed('') } }, 'pass', 'loads'],
    ['absent', { probes: { load: failed('Cannot find package') } }, 'warn', 'not installed', 'npm run setup'],
    [
      'for another Node',
      { files, probes: { load: failed('was compiled against another NODE_MODULE_VERSION\nmore') } },
      'warn',
      'NODE_MODULE_VERSION',
      'npm run setup',
    ],
    ['crashes', { files, probes: { load: killed } }, 'warn', 'crashes', 'npm run setup'],
    [
      'beside vitap, for another Node',
      {
        packageRoot: '/p/node_modules/vitap',
        files: { '/p/package.json': '', '/p/node_modules/nfc-pcsc/package.json': '' },
        probes: { load: failed('was compiled against another NODE_MODULE_VERSION') },
      },
      'warn',
      'NODE_MODULE_VERSION',
      'npm rebuild @pokusew/pcsclite',
    ],
    [
      'left out of a global install',
      { packageRoot: '/usr/lib/node_modules/vitap', probes: { load: failed('Cannot find package') } },
      'warn',
      'not installed',
      'npm install -g --include=optional vitap',
    ],
  ]);
});

describe('PC/SC by FFI', () => {
  const loads = { probes: { 'load-ffi': printed('') } };
  const missing = { probes: { 'load-ffi': failed('the PC/SC library libpcsclite.so.1 is not installed') } };
  table(pcscFfiCheck, { 'nfc-pcsc': pass }, [
    ['stands by', loads, 'pass', 'nfc-pcsc is used first'],
    ['is not needed', missing, 'info', 'not installed'],
  ]);
  table(pcscFfiCheck, { 'nfc-pcsc': warn }, [
    ['serves', loads, 'pass', 'serves --reader pcsc'],
    ['is missing too', missing, 'fail', 'not installed', 'npm run setup'],
    ['crashes', { probes: { 'load-ffi': killed } }, 'fail', 'crashes', 'npm run setup'],
    [
      'has no library to load, in a global install',
      { ...missing, packageRoot: '/usr/lib/node_modules/vitap' },
      'fail',
      'not installed',
      'apt-get install libpcsclite1',
    ],
  ]);
});

describe('pcscd', () => {
  const programs = { pcscd: printed('pcsc-lite version 1.9.9.\nCopyright') };
  table(pcscdCheck, {}, [
    ['runs', { programs, socket: 'open' }, 'pass', 'pcscd 1.9.9 answers on /run/pcscd/pcscd.comm'],
    [
      'runs elsewhere',
      { programs, socket: 'open', env: { PCSCLITE_CSOCK_NAME: '/tmp/own.comm' } },
      'pass',
      'answers on /tmp/own.comm',
    ],
    [
      'does not run',
      { programs, socket: 'absent' },
      'warn',
      'pcscd 1.9.9 is installed but not running',
      'pcscd.socket',
    ],
    ['is not installed', { socket: 'absent' }, 'warn', 'not installed', 'apt-get install pcscd'],
    ['died', { programs, socket: 'refused' }, 'warn', 'has died', 'pcscd.socket'],
    ['is out of reach', { programs, socket: 'denied' }, 'fail', 'no permission', 'root'],
    ['is stuck', { programs, socket: 'silent' }, 'fail', 'does not answer', 'restart'],
    ['is not of this system', { platform: 'darwin' }, 'info', 'its own'],
  ]);
});

describe('readers', () => {
  const earlier = { 'nfc-pcsc': pass, pcscd: pass };
  const readers = [
    { name: 'Virtual PCD 00 00', cardPresent: true, atr: '3B80800101' },
    { name: 'Virtual PCD 00 01', cardPresent: false, atr: null },
  ];
  table(readersCheck, earlier, [
    ['two', { probes: { readers: printed(JSON.stringify(readers)) } }, 'pass', 'Virtual PCD 00 01: no card'],
    ['none', { probes: { readers: printed('[]') } }, 'warn', 'no reader', 'vsmartcard-vpcd'],
    ['the list fails', { probes: { readers: failed('pcscd went away\n') } }, 'fail', 'pcscd went away', 'restart'],
    ['the list hangs', { probes: { readers: killed } }, 'fail', 'did not list', 'restart'],
  ]);

  it.each([
    ['nfc-pcsc', { 'nfc-pcsc': warn, 'pcsc-ffi': fail, pcscd: pass }],
    ['pcscd', { 'nfc-pcsc': pass, pcscd: warn }],
  ])('are not listed without %s', async (name, found) => {
    const finding = await look(readersCheck, { probes: { readers: printed('[]') } }, found);
    expect(finding.verdict).toBe('info');
    expect(finding.detail).toContain(name);
  });
});

describe('vpcd', () => {
  const settings = { '/etc/reader.conf.d/vpcd': 'FRIENDLYNAME "Virtual PCD"\nLIBPATH      /usr/lib/libifdvpcd.so\n' };
  table(vpcdCheck, {}, [
    ['installed', { files: { ...settings, '/usr/lib/libifdvpcd.so': '' } }, 'pass', '/usr/lib/libifdvpcd.so'],
    ['settings without the driver', { files: settings }, 'fail', 'does not exist', 'reinstall'],
    [
      'another reader only',
      { files: { '/etc/reader.conf.d/other': 'LIBPATH /x/libother.so' } },
      'warn',
      'not installed',
      'apt-get',
    ],
    ['not installed', {}, 'warn', 'not installed', 'vsmartcard-vpcd'],
  ]);
});

/** Rows as the kernel prints them; 8C7B is 35963, state 0A listens, 01 is established. */
const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const LISTENING = '   0: 00000000:8C7B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 17 1\n';
const TAKEN = '   1: 0100007F:8C7B 0100007F:D4F2 01 00000000:00000000 00:00000000 00000000     0        0 18 1\n';
const OUR_END = '   2: 0100007F:D4F2 0100007F:8C7B 01 00000000:00000000 00:00000000 00000000     0        0 19 1\n';

describe("vpcd's port", () => {
  table(vpcdPortCheck, {}, [
    ['free', { files: { '/proc/net/tcp': HEAD + LISTENING } }, 'pass', 'listening and free'],
    [
      'on IPv6',
      {
        files: {
          '/proc/net/tcp': HEAD,
          '/proc/net/tcp6': `${HEAD}   0: ${'0'.repeat(32)}:8C7B ${'0'.repeat(32)}:0000 0A 00`,
        },
      },
      'pass',
      'free',
    ],
    [
      'taken',
      { files: { '/proc/net/tcp': HEAD + LISTENING + TAKEN + OUR_END } },
      'info',
      'a card emulator is connected',
    ],
    ['closed', { files: { '/proc/net/tcp': HEAD + OUR_END } }, 'info', 'closed'],
    ['unknown', {}, 'info', 'not Linux'],
  ]);
});

describe('time through vpcd', () => {
  const earlier = { readers: pass, 'vpcd-port': pass };
  const threshold = { '/proc/sys/net/ipv4/tcp_pingpong_thresh': '1\n' };
  const took = (medianMs: number) => ({ 'vpcd-delay': printed(JSON.stringify({ medianMs, exchanges: 15 })) });
  table(vpcdDelayCheck, earlier, [
    ['healthy', { probes: took(0.121), files: threshold }, 'pass', '0.12 ms (median of 15 echoes)'],
    [
      'delayed',
      { probes: took(43.9), files: threshold },
      'warn',
      'the 44 ms defect of vpcd 3.3',
      'sysctl net.ipv4.tcp_pingpong_thresh=255 (it is 1)',
    ],
    ['delayed, on an old kernel', { probes: took(43.9) }, 'warn', '44 ms defect', 'scripts/private-pcscd.sh'],
    ['no answer', { probes: { 'vpcd-delay': killed } }, 'fail', 'could not be read'],
    ['an error', { probes: { 'vpcd-delay': failed('no card within 10 s') } }, 'fail', 'no card within 10 s'],
  ]);

  it.each([
    ['PC/SC lists no reader', { readers: warn, 'vpcd-port': pass }],
    ['the port is not free', { readers: pass, 'vpcd-port': { verdict: 'info', detail: '' } as const }],
  ])('is not measured when %s', async (words, found) => {
    const finding = await look(vpcdDelayCheck, { probes: took(0.1) }, found);
    expect(finding).toMatchObject({ verdict: 'info', detail: expect.stringContaining(words) });
  });
});

describe('serial ports', () => {
  const usb = { path: '/dev/ttyUSB0', vendorId: '0403', productId: '6001', manufacturer: 'FTDI' };
  const latency = (ms: string) => ({ '/sys/bus/usb-serial/devices/ttyUSB0/latency_timer': ms });
  const ports = (...list: (typeof usb | { path: string })[]) => serialCheck(async () => list);

  it.each([
    ['none', ports(), {}, 'info', 'no USB serial port', undefined],
    ['only those of the board', ports({ path: '/dev/ttyS0' }), {}, 'info', 'no USB serial port', undefined],
    ['one', ports(usb), {}, 'pass', '/dev/ttyUSB0 USB 0403:6001 FTDI', undefined],
    ['a quick one', ports(usb), { files: latency('1\n') }, 'pass', '/dev/ttyUSB0', undefined],
    ['a slow one', ports(usb), { files: latency('16\n') }, 'warn', 'by 16 ms', 'echo 1 | tee /sys/bus/usb-serial'],
    ['without rights', ports(usb), { locked: ['/dev/ttyUSB0'] }, 'warn', 'no permission', 'usermod -aG dialout'],
  ])('%s', async (_title, check, machine, verdict, detail, cure) => {
    const finding = await look(check, machine);
    expect(finding.detail).toContain(detail);
    expect(finding.verdict).toBe(verdict);
    if (cure === undefined) expect(finding.cure).toBeUndefined();
    else expect(finding.cure).toContain(cure);
  });

  it.each([
    ['finds by name', { '/dev/ttyUSB0': '', '/dev/ttyS0': '', '/dev/null': '' }, 'pass', '/dev/ttyUSB0'],
    ['finds none', { '/dev/ttyS0': '' }, 'info', 'no USB serial port'],
  ])('without udevadm %s', async (_title, files, verdict, detail) => {
    const check = serialCheck(() => Promise.reject(new Error('spawn udevadm ENOENT')));
    expect(await look(check, { files })).toMatchObject({ verdict, detail });
  });
});

describe('NFC drivers of the kernel and libnfc', () => {
  table(kernelNfcCheck, {}, [
    ['none', { files: { '/proc/modules': 'usbserial 45056 0 - Live 0x0\n' } }, 'pass', 'none'],
    [
      'in the way',
      { files: { '/proc/modules': 'pn533_usb 20480 0 - Live 0x0\npn533 45056 1 pn533_usb, Live 0x0\n' } },
      'warn',
      'pn533_usb, pn533',
      'modprobe -r',
    ],
    ['unknown', {}, 'info', 'lists no drivers'],
  ]);
  table(libnfcCheck, {}, [
    ['absent', {}, 'info', 'not installed'],
    ['there', { programs: { 'nfc-list': printed('') } }, 'info', '/usr/bin/nfc-list'],
  ]);
});
