import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { openCard } from '../../rig/card/open.ts';
import { runCommandLine } from '../../rig/command/program.ts';
import { VERBS } from '../../rig/command/verbs/index.ts';
import { LAYERS, STAGES, type TapBenchResult } from '../../rig/measure/tap/result.ts';
import { Acr122OnVpcd } from '../../rig/sim/acr122/on-vpcd.ts';
import { SimulatedAcr122 } from '../../rig/sim/acr122/reader.ts';
import { SimulatedBoard } from '../../rig/sim/board.ts';
import { parseFault } from '../../rig/sim/faults/parse.ts';
import { FieldCard } from '../../rig/sim/field/card.ts';
import { Field } from '../../rig/sim/field/field.ts';
import { PtyPort } from '../../rig/sim/serial/pty-port.ts';
import { RealTimeline } from '../../rig/sim/timeline.ts';
import { PcscReader } from '../../src/hal/pcsc/index.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { VPCD_PORT } from '../../src/hal/vpcd/index.ts';
import { fakeIo } from '../rig/console/fake-io.ts';
import { fieldAts } from '../rig/measure/tap/simulated-field.ts';
import { serveProfile } from './card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, itNeeds, PCSC_STACK } from './real-parts.ts';
import { SLOTS } from './vpcd-card.ts';

// Daemons start and die, and whole runs are made, whatever else the machine does.
vi.setConfig({ testTimeout: 120_000 });

async function benchTap(line: string): Promise<{ readonly exit: number; readonly result: TapBenchResult }> {
  const io = fakeIo({ json: true });
  const exit = await runCommandLine(['bench', 'tap', ...line.split(' '), '--json'], '0.0.0', VERBS, io);
  return { exit, result: JSON.parse(io.out.join('')) };
}

/** The account of each tap is whole: to the nanosecond, and so within a hundredth. */
function expectWhole({ taps }: TapBenchResult): void {
  for (const { startNs, endNs, layers, stages } of taps) {
    expect(LAYERS.reduce((sum, layer) => sum + layers[layer], 0)).toBe(endNs - startNs);
    expect(STAGES.reduce((sum, stage) => sum + stages[stage], 0)).toBe(endNs - startNs);
  }
}

const THRESHOLD = '/proc/sys/net/ipv4/tcp_pingpong_thresh';
/** scripts/private-pcscd.sh sets it where it may. */
const writable = mayWrite(THRESHOLD);

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

const finding = ({ diagnosis }: TapBenchResult, id: string): TapBenchResult['diagnosis']['findings'][number] | null =>
  diagnosis.findings.find((each) => each.id === id) ?? null;

const commandsOf = ({ figures }: TapBenchResult): readonly string[] =>
  (figures?.median.exchanges ?? []).map(
    ({ header, sentBytes, receivedBytes }) => `${header} ${sentBytes} ${receivedBytes}`,
  );

describeNeeds(PCSC_STACK, 'bench tap through pcscd', () => {
  let pcscd: Pcscd;
  beforeEach(async () => {
    pcscd = await Pcscd.start();
  });
  afterEach(async () => {
    await pcscd.stop();
  });

  itNeeds(
    ['pcscd of our own'],
    'taps the card in the virtual reader, and finds no delay where it is cured',
    async () => {
      const card = await serveProfile('ndef', 'contactless');
      try {
        const { exit, result } = await benchTap('--reader pcsc --profile ndef --taps 8 --warm-up 2');
        expect([exit, result.taps.length]).toEqual([0, 8]);
        expectWhole(result);
        expect(result.environment).toMatchObject({ backend: 'simulated', reader: 'Virtual PCD 00 00' });
        expect(finding(result, 'vpcd-delay')?.verdict).toBe(writable ? 'fine' : 'distrust');
        expect(finding(result, 'versions')?.detail).toMatch(/Node v\d+.*, pcscd \d/);
        expect(finding(result, 'card-time')?.verdict).toBe('fine');
        expect(result.layers.card.basis).toBe('modelled');
        expect(result.figures?.layers.card.p50.value).toBeGreaterThan(0);
        expect(result.figures?.layers.card.p50.value).toBeLessThan(result.figures?.layers.link.p50.value as number);
      } finally {
        await card.remove();
      }
    },
  );

  itNeeds(['pcscd of our own'], 'finds the delay where there is one, and does not trust the figures', async () => {
    const before = readFileSync(THRESHOLD, 'utf8');
    // Where it may not be written, it could not be cured either.
    if (writable) writeFileSync(THRESHOLD, '1\n');
    const card = await serveProfile('ndef', 'contactless');
    try {
      const { exit, result } = await benchTap('--reader pcsc --taps 2 --warm-up 1');
      expect([exit, result.verdict, result.diagnosis.trusted]).toEqual([0, 'inconclusive', false]);
      expect(finding(result, 'vpcd-delay')).toMatchObject({
        verdict: 'distrust',
        detail: expect.stringContaining('44 ms defect'),
        cure: expect.stringContaining('tcp_pingpong_thresh=255'),
      });
    } finally {
      if (writable) writeFileSync(THRESHOLD, before);
      await card.remove();
    }
  });

  itNeeds(['pcscd of our own'], 'a daemon that dies in the middle leaves what was measured', async () => {
    const card = await serveProfile('ndef', 'contactless');
    card.served.catch(() => {});
    try {
      const io = fakeIo({
        json: true,
        // Progress comes while taps run.
        stderr: (text) => {
          if (text.startsWith('tap ')) void pcscd.kill9().catch(() => {});
        },
      });
      const line = 'bench tap --reader pcsc --taps 20000 --warm-up 1 --timeout 3 --json';
      expect(await runCommandLine(line.split(' '), '0.0.0', VERBS, io)).toBe(1);
      const result: TapBenchResult = JSON.parse(io.out.join(''));
      expect(result.verdict).toBe('fail');
      expect(result.figures?.total.n).toBeGreaterThan(0);
      expect(result.failures.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(0);
      expect(result.taps.length).toBeLessThan(20_000);
      expectWhole(result);
    } finally {
      card.link.stop();
      await card.served.catch(() => {});
    }
  });
});

describeNeeds(PCSC_STACK, 'bench tap through a simulated ACR122', () => {
  itNeeds(['pcscd of our own'], 'has air modelled and the rest of the reader in one', async () => {
    const pcscd = await Pcscd.start();
    const timeline = new RealTimeline();
    const field = new Field(timeline);
    const { card } = await openCard({ kind: 'profile', name: 'ndef' });
    new FieldCard(timeline, field, card.port('contactless'), { isoDep: { ats: fieldAts(8) } });
    const acr122 = new SimulatedAcr122('ACS ACR122U', timeline, field);
    const connection = await Acr122OnVpcd.connect(acr122, '127.0.0.1', VPCD_PORT);
    try {
      await cardIsSeen();
      const { exit, result } = await benchTap('--reader acr122:Virtual --profile ndef --taps 4 --warm-up 1');
      expect([exit, result.taps.length]).toEqual([0, 4]);
      expectWhole(result);
      expect(result.environment.backend).toBe('simulated');
      expect(result.layers).toMatchObject({ air: { basis: 'modelled' }, link: { basis: 'residual' } });
      expect(result.setup.link).toMatchObject({ air: { rateToCard: 106 }, baudRate: null });
      expect(result.figures?.layers.air.p50.value).toBeGreaterThan(0);
    } finally {
      await connection.close();
      timeline.stop();
      await pcscd.stop();
    }
  });
});

async function cardIsSeen(): Promise<void> {
  const reader = new PcscReader({ clock: systemClock });
  await vi.waitFor(async () => {
    const seen = (await reader.list()).find(({ name }) => name === SLOTS[0]);
    expect(seen?.cardPresent).toBe(true);
  }, 20_000);
  await reader.close();
}

describeNeeds(['socat'], 'bench tap through a simulated board', () => {
  let folder: string;
  let timeline: RealTimeline;
  let port: PtyPort | null = null;

  const plugIn = async (...faults: readonly string[]): Promise<string> => {
    const field = new Field(timeline);
    const board = new SimulatedBoard('a', timeline, field, { faults: faults.map((each) => parseFault(each).fault) });
    const { card } = await openCard({ kind: 'profile', name: 'ndef' });
    new FieldCard(timeline, field, card.port('contactless'), { isoDep: { ats: fieldAts(8) } });
    port = await PtyPort.open(join(folder, 'a'), board, () => {});
    return `pn532:${join(folder, 'a')}`;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-bench-tap-'));
    timeline = new RealTimeline();
  });
  afterEach(async () => {
    await port?.close();
    port = null;
    timeline.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  itNeeds(['socat'], 'tells air, line, reader and card apart', async () => {
    const reader = await plugIn();
    const { exit, result } = await benchTap(
      `--reader ${reader}:115200 --profile ndef --taps 6 --what-if rate=848,baud=921600`,
    );
    expect([exit, result.taps.length]).toEqual([0, 6]);
    expectWhole(result);
    expect(result.environment.backend).toBe('simulated');
    expect(result.setup.link).toMatchObject({ air: { rateToCard: 106, fsd: 64 }, baudRate: 115_200 });
    const { figures } = result;
    for (const layer of ['card', 'air', 'serial', 'link'] as const) {
      expect([layer, (figures?.layers[layer].p50.value as number) > 0]).toEqual([layer, true]);
    }
    expect(finding(result, 'echo')?.detail).toContain('communication line test');
    expect(figures?.whatIf[0]?.predictedP50).toBeLessThan(figures?.total.p50.value as number);
    for (const words of ['air at 106 kbit/s', 'serial at 115200 baud', '; floor at 848 kbit/s']) {
      expect(result.answer).toContain(words);
    }
    // The same tap in process: command for command.
    const { result: inProcess } = await benchTap('--profile ndef --taps 3');
    expectWhole(inProcess);
    expect(commandsOf(result)).toEqual(commandsOf(inProcess));
  });

  itNeeds(['socat'], 'a board that is pulled out leaves what was measured', async () => {
    const reader = await plugIn('a:unplug@9000');
    const { exit, result } = await benchTap(`--reader ${reader} --taps 400 --warm-up 1`);
    expect([exit, result.verdict]).toEqual([1, 'fail']);
    expect(result.figures?.total.n).toBeGreaterThan(0);
    expect(result.taps.length).toBeLessThan(400);
    expect(result.failures[0]?.kind).toBe('reader-lost');
    expectWhole(result);
  });

  itNeeds(['socat'], 'a board that sends noise leaves what was measured', async () => {
    const reader = await plugIn('a:garbage@120-');
    const { exit, result } = await benchTap(`--reader ${reader}:115200 --taps 40 --warm-up 1`);
    expect([exit, result.verdict]).toEqual([1, 'fail']);
    expect(result.figures?.total.n).toBeGreaterThan(0);
    expect(result.taps.length).toBeLessThan(40);
    expect(result.failures.length).toBeGreaterThan(0);
    expectWhole(result);
  });
});
