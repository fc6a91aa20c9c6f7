import { systemClock } from '../../../src/hal/system/clock.ts';
import { NO_CHANNEL } from '../../channel/choice.ts';
import { ReaderChannel } from '../../channel/reader-channel.ts';
import { type CommandIo, EXIT, type ExitCode } from '../../console/io.ts';
import { readPin } from '../../console/pin.ts';
import { type Machine, thisMachine } from '../../doctor/machine.ts';
import { readerDriver } from '../../endpoint/readers.ts';
import { hostEnvironment } from '../../report/host-environment.ts';
import { commandsOfTap, workloadFor } from '../workload.ts';
import { answerOf } from './answer.ts';
import { accountRun, failuresOf, figuresOf } from './assemble.ts';
import { accountingWithCard, type CardTimes, cardTimeFinding, cardTimesOf, withCardTimes } from './card-time.ts';
import { channelFigures } from './channel-figures.ts';
import * as look from './diagnosis.ts';
import { lookAround, lookBack } from './look-around.ts';
import { LoopbackSource } from './loopback-source.ts';
import { openSource } from './open-source.ts';
import type { BenchTapOptions } from './options.ts';
import { type DiagnosisFinding, type Figures, RESULT_SCHEMA, RESULT_VERSION, type TapBenchResult } from './result.ts';
import { type RecordedTap, type Run, runTaps } from './run.ts';
import { realWaiter, scheduleOf } from './schedule.ts';
import { channelScript, commandScript, readingScript, type TapScript } from './script.ts';
import type { TapSource } from './source.ts';
import { writeOutlierTraces } from './traces.ts';
import { UnlockedSource } from './unlocked-source.ts';

/** A run's result, and its verdict as an exit code. */
export interface BenchedTaps {
  readonly result: TapBenchResult;
  readonly exit: ExitCode;
}

/** Our shipped cards are test cards, and their code is public. */
const TEST_CODE = '274916';
const UPDATE_MS = 500;

/**
 * Taps, and says where the time went.
 * @throws {CannotRun} an option that this link cannot have; {HalError} the reader is not there at all
 */
export async function benchTap(options: BenchTapOptions, io: CommandIo): Promise<BenchedTaps> {
  const startedAt = new Date().toISOString();
  const startNs = systemClock.nowNs();
  const code = (await readPin(options.pin, io)) ?? testCode(options);
  const channel = await ReaderChannel.from(options.channel ?? NO_CHANNEL, io, isOwnCard(options));
  let source: TapSource | null = null;
  let twin: Twin | null = null;
  try {
    source = await openSource(options, code, io.signal);
    if (options.screen != null && code !== null) source = new UnlockedSource(source, options.screen, code);
    const machine = thisMachine(io.env);
    const before = await lookAround(options.reader, source, machine, io);
    const scriptFor = (of: TapSource): TapScript => {
      const script = scriptOf(options, of, code);
      return channel === null ? script : channelScript(script, channel, io.signal);
    };
    const script = scriptFor(source);
    // Opened now, so that a card that cannot be made is said before the taps; tapped after them, so that the first tap is it.
    twin = await twinOf(options, code);
    const show = progress(io, options);
    const run = await runTaps({
      source,
      script,
      taps: options.taps,
      warmUp: options.warmUp,
      arrivals: options.arrivals,
      waiter: realWaiter(systemClock),
      signal: io.signal,
      onTap: show,
    });
    // What an interruption leaves is no result, and a file of an earlier run is worth more.
    io.signal.throwIfAborted();
    if (run.taps.length === 0 && run.ended !== null) throw run.ended;
    const inSight = source.accounting.layers.card.basis === 'measured';
    const cardTimes = twin === null || inSight ? null : await timesOfTwin(twin, scriptFor(twin.source), io.signal);
    io.signal.throwIfAborted();
    const when = { startedAt, durationMs: Math.round((systemClock.nowNs() - startNs) / 1e6) };
    return await conclude(options, { source, script, run, cardTimes, before, machine, when });
  } finally {
    code?.fill(0);
    channel?.wipe();
    await twin?.source.close();
    await source?.close();
  }
}

interface Ran {
  readonly source: TapSource;
  readonly script: TapScript;
  readonly run: Run;
  /** Null where the card is measured itself, or nobody says which it is. */
  readonly cardTimes: { readonly profile: string; readonly times: CardTimes | null } | null;
  readonly before: readonly DiagnosisFinding[];
  readonly machine: Machine;
  readonly when: { readonly startedAt: string; readonly durationMs: number };
}

async function conclude(options: BenchTapOptions, ran: Ran): Promise<BenchedTaps> {
  const { source, script, run, cardTimes, before, machine, when } = ran;
  const times = cardTimes?.times ?? null;
  const taps = times === null ? run.taps : withCardTimes(run.taps, times);
  const firstTap =
    times === null || run.first === null ? run.first : (withCardTimes([run.first], times)[0] as RecordedTap);
  const accounting = times === null ? source.accounting : accountingWithCard(source.accounting, times.profile);
  const { accounted, first } = accountRun(taps, firstTap, source.link, accounting);
  const bare = figuresOf(taps, accounted, options.whatIf);
  const figures = bare === null ? null : await withTraces(bare, run.taps, options, source, when.startedAt);
  const schedule = scheduleOf(options.arrivals, accounted.samples);
  const diagnosis = look.diagnosisOf([
    ...before,
    ...(cardTimes === null ? [] : [cardTimeFinding(cardTimes.profile, times, run.taps)]),
    ...lookBack(figures, run.taps, source, machine, before),
    look.scheduleFinding(schedule, accounted.samples.length),
    ...(figures === null ? [] : [look.sampleSize(figures.total.n)]),
  ]);
  const failed = accounted.samples.some(({ failure }) => failure !== null) || run.ended !== null || figures === null;
  const result: TapBenchResult = {
    schema: RESULT_SCHEMA,
    version: RESULT_VERSION,
    environment: {
      ...hostEnvironment(),
      backend: source.backend,
      reader: source.reader,
      protocol: source.protocol,
      atr: source.atr,
      card: source.card,
      ...when,
    },
    diagnosis,
    setup: {
      reader: options.readerText,
      sequence: script.name,
      plan: script.plan,
      taps: options.taps,
      warmUp: options.warmUp,
      seed: source.seed,
      link: accounted.link,
    },
    layers: accounting.layers,
    stages: accounting.stages,
    shapes: accounted.shapes,
    taps: accounted.samples,
    first,
    failures: failuresOf(accounted.samples),
    channel: channelFigures(run.taps),
    schedule,
    figures,
    answer: figures === null ? 'no tap was good' : answerOf(figures, first, accounted.link, accounting),
    verdict: failed ? 'fail' : diagnosis.trusted ? 'pass' : 'inconclusive',
  };
  return { result, exit: failed ? EXIT.fail : EXIT.pass };
}

function withTraces(
  figures: Figures,
  taps: readonly RecordedTap[],
  { traces, keepSecrets }: BenchTapOptions,
  source: TapSource,
  startedAt: string,
): Promise<Figures> | Figures {
  return traces === null
    ? figures
    : writeOutlierTraces(figures, taps, { folder: traces, keepSecrets, source, startedAt });
}

/** Wherever it is: in process, or where `--profile` says which card is in the reader. */
function isOwnCard({ card }: BenchTapOptions): boolean {
  return card !== null;
}

/** A card that we make ourselves from a profile has a code that everybody may know; any other keeps its own. */
function testCode({ card, reader, commands }: BenchTapOptions): Uint8Array | null {
  if (readerDriver(reader).ourCards !== 'in process' || card?.kind !== 'profile' || commands !== null) return null;
  return Buffer.from(TEST_CODE, 'latin1');
}

/** A card in process like the one that is tapped. */
interface Twin {
  readonly profile: string;
  readonly source: LoopbackSource;
}

/** For a card whose own time may be out of sight; null where it is in process, or where nobody says which card it is. */
async function twinOf(options: BenchTapOptions, code: Uint8Array | null): Promise<Twin | null> {
  const { card, reader } = options;
  const driver = readerDriver(reader);
  if (card?.kind !== 'profile' || driver.ourCards === 'in process') return null;
  const choice = { card, interface: driver.interface ?? options.interface, code, clock: systemClock };
  return { profile: card.name, source: await LoopbackSource.open(choice) };
}

async function timesOfTwin(
  { profile, source }: Twin,
  script: TapScript,
  signal: AbortSignal,
): Promise<Ran['cardTimes']> {
  return { profile, times: await cardTimesOf(source, profile, script, systemClock, signal) };
}

/** A card that no reading knows has commands of its own. */
const REFERENCE = 'reference';

function scriptOf(options: BenchTapOptions, source: TapSource, code: Uint8Array | null): TapScript {
  const { commands, sequence, plan, card } = options;
  if (commands !== null) return commandScript(commands);
  if (card?.kind === 'profile' && card.name === REFERENCE && sequence === 'all') {
    return commandScript(commandsOfTap(workloadFor(REFERENCE)));
  }
  // Typed on the phone before the tap: no reader presents it then.
  const typed = source instanceof UnlockedSource || (source instanceof LoopbackSource && source.unlocksItself);
  return readingScript(sequence, plan, typed ? null : code);
}

/** Says how far it is, now and then. */
function progress(io: CommandIo, { taps, warmUp }: BenchTapOptions): (index: number, failures: number) => void {
  let lastMs = performance.now();
  return (index, failures) => {
    const nowMs = performance.now();
    if (nowMs - lastMs < UPDATE_MS) return;
    lastMs = nowMs;
    const failed = failures === 0 ? '' : `, ${failures} failed`;
    const text = index < 0 ? `warming up, ${warmUp + index} of ${warmUp}` : `tap ${index} of ${taps}${failed}`;
    io.stderr(`${text}\n`);
  };
}
