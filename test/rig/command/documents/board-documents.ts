import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { flashBatch } from '../../../../rig/board/batch.ts';
import type { BatchOptions } from '../../../../rig/board/batch-options.ts';
import type { BoardTestOptions } from '../../../../rig/board/board-test-options.ts';
import type { BoardUnderTest } from '../../../../rig/board/board-under-test.ts';
import type { ProgramOptions } from '../../../../rig/board/firmware/program-board.ts';
import { flash } from '../../../../rig/board/flash.ts';
import { flashFirmware } from '../../../../rig/board/flash-firmware.ts';
import type { Bench } from '../../../../rig/board/open-board.ts';
import { testBoard } from '../../../../rig/board/test-board.ts';
import { identifyBoard } from '../../../../rig/endpoint/board-identity.ts';
import { MemoryPorts } from '../../../../rig/sim/serial/memory-port.ts';
import { VirtualTimeline } from '../../../../rig/sim/timeline.ts';
import { HalError } from '../../../../src/hal/errors.ts';
import { simulatedBench } from '../../board/simulated-bench.ts';
import { fault, program as firmwareProgram, imageOf, simulatedBoard, timersOf } from '../../board/stm32/bench.ts';
import { fakeIo } from '../../console/fake-io.ts';
import { type RealDocuments, read } from './real-documents.ts';

/** Bring-up, flashing and records of boards. */
export async function boardDocuments(documents: RealDocuments): Promise<void> {
  const { at, keep, keepEnvironment, evidenceIn, printed } = documents;
  await printed('board-list', 'board', 'list', at('nothing'));
  keep('board-test', await boardTest(documents, { evidence: evidenceIn('of-board') }));
  keepEnvironment('of-board');
  keep('board-record', read(join(documents.folder, 'records', readdirSync(at('records'))[0] as string)));
  keep('board-test-loop', await boardTest(documents, { loop: 1, only: ['rom'] }));
  await printed('board-records', 'board', 'records', '--records', at('records'));
  await flashed(documents);
  await firmwareFlashed(documents);
}

async function boardTest(documents: RealDocuments, more: Partial<BoardTestOptions>): Promise<unknown> {
  const { at } = documents;
  const io = fakeIo({ env: {}, json: true });
  const { a } = simulatedBench();
  const rest = { partner: null, operator: false, only: null, limits: null, loop: null, html: null, junit: null };
  const options = { port: 'sim-a', serialNumber: 'B1', records: at('records'), evidence: null, ...rest };
  const bench = { listed: [], open: async () => a, verifier: () => Promise.reject(new Error('unused')) as never };
  await testBoard({ ...options, record: { file: null, keepSecrets: false }, ...more }, io, bench);
  return JSON.parse(io.out.join(''));
}

/** Boards that wake up and say that they are a PN532; the one on /p/mute does not answer. */
const paperBench: Bench = {
  listed: [],
  open: async (port) =>
    ({
      name: `pn532:${port}`,
      identity: identifyBoard(port, []),
      wakeUp: async () => {
        if (port === '/p/mute') throw new HalError('timeout', 'nothing answers');
      },
      firmware: async () => ({ ic: 0x32, version: 1, revision: 6, support: 7 }),
      close: async () => {},
    }) as unknown as BoardUnderTest,
  verifier: () => Promise.reject(new Error('nothing reads back here')) as never,
};

async function flashed(documents: RealDocuments): Promise<void> {
  const { at, keep, keepEnvironment, evidenceIn } = documents;
  const env = { XDG_STATE_HOME: at('state') };
  const record = { file: null, keepSecrets: false };
  const one = {
    image: at('card.img'),
    profile: null,
    verifyWith: null,
    force: false,
    serialNumber: 'B1',
    imageKey: null,
  };
  for (const port of ['/p/1', '/p/mute']) {
    const io = fakeIo({ env, json: true });
    await flash({ ...one, port, record }, io, paperBench);
    keep('board-flash', JSON.parse(io.out.join('')));
  }
  const boards = join(documents.folder, 'state', 'vitap', 'boards');
  keep('flashed-card', read(join(boards, readdirSync(boards)[0] as string, 'flashed.json')));

  writeFileSync(at('list.csv'), 'serial\nB1\nB2\n');
  const io = fakeIo({ env, json: true });
  const ports = ['/p/1', '/p/mute'];
  const options: BatchOptions = {
    ...{ boards: ports, list: at('list.csv'), image: null, profile: 'ndef', verifyWith: null, resume: false },
    ...{ force: false, parallel: 1, imageKey: null, junit: null, evidence: evidenceIn('of-batch'), record },
  };
  await flashBatch(options, io, paperBench);
  keep('board-flash-batch', JSON.parse(io.out.join('')));
  keep('batch-state', read(at('list.csv.batch')));
  keepEnvironment('of-batch');
}

/** Firmware onto a simulated STM32, and onto one that does not answer. */
async function firmwareFlashed(documents: RealDocuments): Promise<void> {
  const { at, keep } = documents;
  for (const faults of [[], [fault('mute')]]) {
    const clock = new VirtualTimeline();
    const opener = new MemoryPorts([simulatedBoard(clock, '/sim/1', 0x413, { faults })]);
    const io = fakeIo({ env: { XDG_STATE_HOME: at('state') }, json: true });
    const program: ProgramOptions = {
      firmware: imageOf(firmwareProgram(1000)),
      ...{ cardAt: null, chip: null, unprotect: false, start: true, baudRate: 115_200, framing: '8E1' },
      boot: { how: 'none' },
    };
    const board = { target: 'stm32', path: '/sim/1' } as const;
    const options = { board, program, image: null, profile: null, resume: false, imageKey: null };
    await flashFirmware(options, io, { opener, timers: timersOf(clock), instruct: null });
    keep('board-flash', JSON.parse(io.out.join('')));
  }
}
