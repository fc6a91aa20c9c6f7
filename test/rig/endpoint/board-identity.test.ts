import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identifyBoard } from '../../../rig/endpoint/board-identity.ts';
import { lookAtPort } from '../../../rig/endpoint/ports.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vitap-ports-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const FTDI = { vendorId: '0403', productId: '6001', manufacturer: 'FTDI' };

/** A device with the folders of sysfs that lead to its USB socket. */
function device(name: string, socket: string): string {
  const path = join(root, name);
  writeFileSync(path, '');
  const usb = join(root, 'sys/devices/pci0/usb1', socket.split('.')[0] as string, socket, `${socket}:1.0`, name);
  mkdirSync(usb, { recursive: true });
  mkdirSync(join(root, 'sys/class/tty', name), { recursive: true });
  symlinkSync(usb, join(root, 'sys/class/tty', name, 'device'));
  return path;
}

describe('the identity of a board', () => {
  it('is the serial number of its bridge, whatever path it has', () => {
    const listed = (path: string) => [{ path, ...FTDI, serialNumber: 'A50285BI' }];
    const [one, two] = [device('ttyUSB0', '1-1.2'), device('ttyUSB7', '1-3')];
    const key = identifyBoard(one, listed(one), join(root, 'sys')).key;
    expect(key).toBe('usb-0403-6001-A50285BI');
    expect(identifyBoard(two, listed(two), join(root, 'sys')).key).toBe(key);
  });

  it('is the socket for a bridge without a serial number', () => {
    const path = device('ttyUSB0', '1-1.2');
    const listed = [{ path, vendorId: '1A86', productId: '7523' }];
    expect(identifyBoard(path, listed, join(root, 'sys'))).toMatchObject({
      key: 'usb-1a86-7523-at-1-1.2',
      knownBy: 'socket',
      usb: { socket: '1-1.2', serialNumber: null },
      backend: 'hardware',
    });
  });

  it('follows links', () => {
    const path = device('ttyUSB0', '1-1');
    symlinkSync(path, join(root, 'my-board'));
    const listed = [{ path, ...FTDI, serialNumber: 'X/1' }];
    expect(identifyBoard(join(root, 'my-board'), listed, join(root, 'sys')).key).toBe('usb-0403-6001-X_1');
  });

  it('is the path of a port that is none of USB; paths that differ stay different', () => {
    const keys = ['/tmp/a_b', '/tmp/a/b', '/tmp/a b', '/tmp/a-b'].map((path) => identifyBoard(path, []).key);
    expect(new Set(keys).size).toBe(4);
    expect(keys.every((key) => /^[\w.-]+$/.test(key))).toBe(true);
  });

  it('is simulated on a pseudo-terminal', () => {
    symlinkSync('/dev/pts/ptmx', join(root, 'sim'));
    expect(identifyBoard(join(root, 'sim'), []).backend).toBe('simulated');
  });
});

describe('a port', () => {
  const system = () => ({
    proc: join(root, 'proc'),
    sys: join(root, 'sys'),
    serialLinks: [join(root, 'by-id')],
    locks: [join(root, 'lock')],
    groups: join(root, 'group'),
  });

  function process(pid: number, name: string): string {
    const folder = join(root, 'proc', `${pid}`);
    mkdirSync(join(folder, 'fd'), { recursive: true });
    writeFileSync(join(folder, 'comm'), `${name}\n`);
    return folder;
  }

  it('is held by who has it open, and by who says so in a lock file', () => {
    const path = device('ttyUSB0', '1-1');
    symlinkSync(path, join(process(41, 'minicom'), 'fd', '3'));
    process(42, 'picocom');
    mkdirSync(join(root, 'lock'));
    writeFileSync(join(root, 'lock/LCK..ttyUSB0'), '        42\n');
    expect(lookAtPort(path, [], system()).holders).toEqual([
      { pid: 41, program: 'minicom', by: 'open file' },
      { pid: 42, program: 'picocom', by: 'lock file' },
    ]);
  });

  it('is not held by a lock file of a process that is dead', () => {
    const path = device('ttyUSB0', '1-1');
    mkdirSync(join(root, 'lock'));
    writeFileSync(join(root, 'lock/LCK..ttyUSB0'), '        42\n');
    expect(lookAtPort(path, [], system()).holders).toEqual([]);
  });

  it('has the links that outlast a change of number', () => {
    const path = device('ttyUSB0', '1-1');
    mkdirSync(join(root, 'by-id'));
    symlinkSync(path, join(root, 'by-id/usb-FTDI-if00-port0'));
    expect(lookAtPort(path, [], system())).toMatchObject({
      exists: true,
      links: [join(root, 'by-id/usb-FTDI-if00-port0')],
    });
  });

  it('may be missing', () => {
    expect(lookAtPort(join(root, 'ttyUSB9'), [], system())).toMatchObject({
      exists: false,
      mayOpen: false,
      holders: [],
    });
  });
});
