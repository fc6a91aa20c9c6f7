import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildCard } from '../../../rig/card/build.ts';
import { checkBundleFolder } from '../../../rig/judge/evidence/bundle.ts';
import { checkReportFile, writeReportFile } from '../../../rig/report/report-file.ts';
import { openOutput } from '../../../rig/trace/output-file.ts';
import { TraceWriter } from '../../../rig/trace/writer.ts';
import { FileNvm } from '../../../src/hal/nvm/file.ts';
import { replaceFile } from '../../../src/hal/nvm/replace-file.ts';
import { fakeIo } from './fake-io.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-target-'));
  path = join(folder, 'target');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const TRACE = { source: 'vitap tap', backend: 'simulated' } as const;

/** Everything of ours that writes a whole file, with what tells its content. */
const WRITERS: Readonly<Record<string, (path: string) => void | Promise<void>>> = {
  'a file that is replaced': (to) => replaceFile(to, [Buffer.from('some '), Buffer.from('content')]),
  'a report': (to) => writeReportFile(to, 'some content'),
  'a converted trace': async (to) => {
    const output = openOutput(to);
    await output.write('some content');
    await output.finish();
  },
  'a trace': async (to) => (await TraceWriter.create(to, { ...TRACE, source: 'some content' })).close(),
};
const NAMES = Object.keys(WRITERS);
const write = async (writer: string, to: string): Promise<void> => {
  await WRITERS[writer]?.(to);
};

function makeFifo(): void {
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
}

/** A second null device: the tests must not have the machine's own in their hands. */
function makeDevice(): boolean {
  if (spawnSync('mknod', [path, 'c', '1', '3']).status !== 0) return false;
  return spawnSync('sh', ['-c', `: > '${path}'`]).status === 0;
}

async function messageOf(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was thrown';
}

describe.each(NAMES)('%s', (writer) => {
  it('goes through a pipe, which stays one', async () => {
    makeFifo();
    const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      await write(writer, path);
      const got = Buffer.alloc(4096);
      expect(got.toString('utf8', 0, readSync(reading, got))).toContain('some content');
    } finally {
      closeSync(reading);
    }
    expect(lstatSync(path).isFIFO()).toBe(true);
    expect(readdirSync(folder)).toEqual(['target']);
  });

  it('does not wait for a pipe that nobody reads', async () => {
    makeFifo();
    expect(await messageOf(() => write(writer, path))).toBe(`cannot write ${path}: no program reads from it`);
    expect(lstatSync(path).isFIFO()).toBe(true);
  });

  it('goes to a device, which stays one', async () => {
    // Where nobody may make one, nobody can lose one.
    if (!makeDevice()) return;
    await write(writer, path);
    expect(lstatSync(path).isCharacterDevice()).toBe(true);
    expect(readdirSync(folder)).toEqual(['target']);
  });

  it('goes to a device behind a symbolic link, and both stay', async () => {
    if (!makeDevice()) return;
    const link = join(folder, 'link');
    symlinkSync(path, link);
    await write(writer, link);
    expect(lstatSync(path).isCharacterDevice()).toBe(true);
    expect(readlinkSync(link)).toBe(path);
    expect(readdirSync(folder)).toEqual(['link', 'target']);
  });

  it.each([['there'], ['not there yet']])('follows symbolic links to a file that is %s', async (state) => {
    mkdirSync(join(folder, 'elsewhere'));
    const file = join(folder, 'elsewhere', 'file');
    if (state === 'there') writeFileSync(file, 'old');
    symlinkSync(join('elsewhere', 'file'), join(folder, 'second'));
    symlinkSync('second', path);
    await write(writer, path);
    expect(readFileSync(file, 'utf8')).toContain('some content');
    expect([readlinkSync(path), readlinkSync(join(folder, 'second'))]).toEqual(['second', 'elsewhere/file']);
    expect(readdirSync(join(folder, 'elsewhere'))).toEqual(['file']);
  });

  it('refuses a folder, a socket and a circle of links', async () => {
    mkdirSync(path);
    expect(await messageOf(() => write(writer, path))).toMatch(`cannot write ${path}: it is a folder`);
    const socket = join(folder, 'socket');
    const server = createServer().listen(socket);
    await new Promise((listening) => server.once('listening', listening));
    expect(await messageOf(() => write(writer, socket))).toBe(`cannot write ${socket}: it is a socket`);
    await new Promise((closed) => server.close(closed));
    const circle = join(folder, 'circle');
    symlinkSync('circle', circle);
    expect(await messageOf(() => write(writer, circle))).toMatch(
      `cannot write ${circle}: its symbolic links lead in a circle`,
    );
    expect(readdirSync(folder).sort()).toEqual(['circle', 'target']);
  });

  it('refuses a disk', async () => {
    // A number that belongs to no driver: even a mistake here would write nothing.
    if (spawnSync('mknod', [path, 'b', '240', '77']).status !== 0) return;
    expect(await messageOf(() => write(writer, path))).toBe(`cannot write ${path}: it is a disk`);
    expect(lstatSync(path).isBlockDevice()).toBe(true);
  });
});

describe('a shell that opened a file for us', () => {
  it.each(NAMES)('gets %s through /dev/fd', async (writer) => {
    const opened = openSync(path, 'w');
    try {
      const ino = lstatSync(path).ino;
      await write(writer, `/dev/fd/${opened}`);
      expect(lstatSync(path).ino).toBe(ino);
      expect(readFileSync(path, 'utf8')).toContain('some content');
    } finally {
      closeSync(opened);
    }
  });
});

describe('a card image', () => {
  it.each(['pipe', 'device'])('is not made in the place of a %s', async (kind) => {
    if (kind === 'pipe') makeFifo();
    else if (!makeDevice()) return;
    const sentence = `${path} is no plain file, and a card is kept in one`;
    expect(await messageOf(() => FileNvm.create(path, new Uint8Array(10)))).toBe(sentence);
    const options = { profiles: ['reference'], out: path, state: null, force: true, seed: null };
    expect(await messageOf(() => buildCard(options, fakeIo()))).toBe(sentence);
    expect(await messageOf(() => FileNvm.open(path))).toBe(`${path} is not a card image: it is not a plain file`);
    expect(readdirSync(folder)).toEqual(['target']);
  });

  it('is made where a link leads', () => {
    symlinkSync('card.img', path);
    FileNvm.create(path, new Uint8Array(10)).close();
    expect(readlinkSync(path)).toBe('card.img');
    expect(FileNvm.load(join(folder, 'card.img')).size).toBe(10);
  });
});

describe('before a long run', () => {
  it('a folder, a disk or a socket as a report is refused', async () => {
    mkdirSync(path);
    expect(await messageOf(() => checkReportFile(path))).toBe(`cannot write ${path}: it is a folder`);
  });

  it('a pipe is no folder for a bundle', async () => {
    makeFifo();
    expect(await messageOf(() => checkBundleFolder(path))).toBe(`${path} is not a folder for a bundle`);
  });
});
