import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openCard } from '../../../../rig/card/open.ts';
import { describeFailure } from '../../../../rig/console/failure.ts';
import type { OpenedReader } from '../../../../rig/endpoint/open-reader.ts';
import { conform } from '../../../../rig/judge/conform/conform.ts';
import type { ConformOptions } from '../../../../rig/judge/conform/options.ts';
import { conformanceRunOf } from '../../../../rig/judge/conform/read-report.ts';
import { HalError } from '../../../../src/hal/errors.ts';
import { createLoopback, type Loopback } from '../../../../src/hal/loopback/index.ts';
import type { Reader } from '../../../../src/hal/reader.ts';
import { systemClock } from '../../../../src/hal/system/clock.ts';
import { type CardOnLink, putOnLink } from '../../../contract/served-link.ts';
import { fakeIo } from '../../console/fake-io.ts';
import { conformOptions } from './conform-options.ts';

/** The reader that the verb opens. */
const there = vi.hoisted(() => ({ reader: null as null | Reader }));
vi.mock('../../../../rig/endpoint/open-reader.ts', () => ({
  openReader: async (): Promise<OpenedReader> => ({
    reader: there.reader!,
    name: null,
    own: null,
    backendAt: () => 'simulated',
    close: () => there.reader!.close(),
  }),
}));

const SLOW_MS = 60_000;

let folder: string;
let loopback: Loopback;
let inserted: CardOnLink;
/** What happens as a command is sent, and as a session is begun. */
let onCommand: () => void;
let onConnect: () => void;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-lost-reader-'));
  const { card } = await openCard({ kind: 'profile', name: 'vitale2' });
  loopback = createLoopback({ interface: 'contact', clock: systemClock });
  inserted = putOnLink(loopback.link, card.port('contact', loopback.link.limits));
  onCommand = () => {};
  onConnect = () => {};
  const { reader } = loopback;
  there.reader = {
    driver: reader.driver,
    list: () => reader.list(),
    connect: async (options) => {
      onConnect();
      const session = await reader.connect(options);
      return {
        reader: session.reader,
        protocol: session.protocol,
        atr: session.atr,
        transmit: (command) => {
          onCommand();
          return session.transmit(command);
        },
        reset: (mode) => session.reset(mode),
        control: (code, data) => session.control(code, data),
        disconnect: (disposition) => session.disconnect(disposition),
      };
    },
    close: () => reader.close(),
  };
});
afterEach(async () => {
  await inserted.remove();
  rmSync(folder, { recursive: true });
});

const CASES = ['SEL-MF-00', 'SEL-MF-04', 'SEL-MF-08', 'SEL-MF-0C', 'SEL-201', 'SEL-202'];

interface Judged {
  /** The exit code, or what was thrown. */
  readonly end: unknown;
  readonly out: string;
  readonly err: string;
  /** Each case and its verdict. */
  readonly cases: readonly string[];
  readonly report: Readonly<Record<string, unknown>>;
  readonly junit: string;
  readonly html: string;
}

/** Judges the card in the reader. @param onResult told of the id of each case that was judged */
async function judge(onResult: (id: string) => void, more: Partial<ConformOptions> = {}): Promise<Judged> {
  const io = fakeIo();
  const at = (name: string): string => join(folder, name);
  const options = conformOptions({
    only: CASES.join(','),
    json: at('report.json'),
    junit: at('report.xml'),
    html: at('report.html'),
    timeoutMs: SLOW_MS,
    onResult: ({ id }) => onResult(id),
    ...more,
  });
  const end: unknown = await conform(options, io).catch((error: unknown) => error);
  const report = JSON.parse(readFileSync(at('report.json'), 'utf8'));
  return {
    end,
    out: io.out.join(''),
    err: io.err.join(''),
    cases: report.cases.map(({ id, verdict }: { id: string; verdict: string }) => `${id} ${verdict}`),
    report,
    junit: readFileSync(at('report.xml'), 'utf8'),
    html: readFileSync(at('report.html'), 'utf8'),
  };
}

const UNPLUGGED = 'the reader "loopback" is unplugged';
const AS_FAR = `the reader was lost after 3 of 6 cases (${UNPLUGGED}); this is no verdict`;
const SO_FAR = ['SEL-MF-00 pass', 'SEL-MF-04 pass', 'SEL-MF-08 inconclusive'];

describe('a reader that is pulled out in the middle of a run', () => {
  const pullOut = (): void => {
    onCommand = () => loopback.unplug();
  };

  it('for good ends it: one sentence, and reports of what was judged', { timeout: SLOW_MS }, async () => {
    const { end, out, err, cases, report, junit, html } = await judge((id) => id === 'SEL-MF-04' && pullOut(), {
      timeoutMs: 100,
    });
    expect(end).toBeInstanceOf(HalError);
    expect(describeFailure(end)).toMatchObject({ kind: 'no-reader', sentences: [UNPLUGGED], exitCode: 2 });
    expect(cases).toEqual(SO_FAR);
    expect(report).toMatchObject({ verdict: 'interrupted', lost: UNPLUGGED, selected: 6, run: 3 });
    expect(out.trimEnd().split('\n').at(-1)).toBe(AS_FAR);
    expect(err).toBe('');
    expect(conformanceRunOf(report)).toMatchObject({ interrupted: true, lost: UNPLUGGED });
    const text = (markup: string): string => markup.replaceAll('&quot;', '"');
    expect(text(junit)).toContain(AS_FAR);
    expect(text(html)).toContain(AS_FAR);
  });

  it('and is back at the second look costs one case', { timeout: SLOW_MS }, async () => {
    let looks = 0;
    const { end, cases } = await judge((id) => {
      if (id !== 'SEL-MF-04') return;
      pullOut();
      onConnect = () => {
        if (++looks === 1) throw new HalError('no-port', 'there is no port /dev/ttyUSB0');
        onCommand = () => {};
        loopback.plug();
      };
    });
    expect([end, looks]).toEqual([1, 2]);
    expect(cases).toEqual([...SO_FAR, 'SEL-MF-0C pass', 'SEL-201 pass', 'SEL-202 pass']);
  });

  it('and whose card alone is gone is no lost reader', { timeout: SLOW_MS }, async () => {
    const { end, cases } = await judge(
      (id) => {
        if (id === 'SEL-MF-04') onCommand = () => loopback.link.stop();
      },
      { timeoutMs: 100 },
    );
    expect(end).toBe(1);
    expect(cases).toEqual([...SO_FAR, 'SEL-MF-0C inconclusive', 'SEL-201 inconclusive', 'SEL-202 inconclusive']);
  });
});
