import { triesInWords } from '../../src/apdu/status-word.ts';
import type { ExplainedAccess } from '../../src/applet/access/explain.ts';
import type { CardSession } from '../../src/hal/reader.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { PhoneScreen, type UnlockOutcome } from '../card/phone-screen.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { readPin } from '../console/pin.ts';
import { type OpenedReader, openReader } from '../endpoint/open-reader.ts';
import { readerDriver } from '../endpoint/readers.ts';
import { secrecyOf } from '../trace/pseudonyms.ts';
import { TraceWriter } from '../trace/writer.ts';
import { accountOf, type TapAccount } from './account.ts';
import { TapExplainer } from './explaining.ts';
import { readIdentityByFid, readIdentityBySfi, readPointers } from './field-sequences.ts';
import { interfacesOf } from './interfaces-of-atr.ts';
import { judge } from './judge.ts';
import { readNdef } from './ndef.ts';
import type { TapOptions } from './options.ts';
import { readOwnApplication } from './own-application.ts';
import { READ_PLANS } from './plan.ts';
import { comparePlans, type PlanComparison, planLines } from './plan-cost.ts';
import { present, type TapScene } from './presentation.ts';
import { type CardReading, type CodeOutcome, emptyReading } from './reading.ts';
import { CardTerminal } from './terminal.ts';

/**
 * `vitap tap`: reads a card, shows it, and says where the time went.
 * @returns 0 read (refusals for want of a code included), 1 the code was wrong or blocked, something read does not
 * hold, or the card is none that this program knows
 */
export async function tap(options: TapOptions, io: CommandIo): Promise<ExitCode> {
  const code = await readPin(options.pin, io);
  const decisions: ExplainedAccess[] = [];
  const tell = options.explain === true ? (explained: ExplainedAccess) => decisions.push(explained) : undefined;
  let result: TapResult;
  try {
    const source = await openReader(options.reader, { ...options, onAccess: tell });
    try {
      result = await readOnce(source, options, code, io, decisions);
    } finally {
      await source.close();
    }
  } finally {
    code?.fill(0);
  }
  await judge(result.reading);
  if (io.json) writeJson(io, asData(result));
  else io.stdout(inWords(result));
  for (const sentence of remarks(result.reading)) io.stderr(`${sentence}\n`);
  return verdictOf(result.reading);
}

interface TapResult {
  readonly reading: CardReading;
  readonly account: TapAccount;
  readonly scene: TapScene;
  readonly exchanges: CardTerminal['exchanges'];
  readonly explanations: readonly string[];
  /** Null when no plan was asked for, or there was nothing to read. */
  readonly plans: PlanComparison | null;
}

async function readOnce(
  source: OpenedReader,
  options: TapOptions,
  code: Uint8Array | null,
  io: CommandIo,
  decisions: ExplainedAccess[],
): Promise<TapResult> {
  const reading = emptyReading();
  const unlocked = code === null ? null : unlockOnPhone(source, code);
  if (unlocked !== null) reading.code = unlocked;
  const connectStartNs = systemClock.nowNs();
  const session = await source.reader.connect({
    timeoutMs: options.timeoutMs,
    signal: io.signal,
    ...(source.name === null ? {} : { reader: source.name }),
  });
  const connectEndNs = systemClock.nowNs();
  const trace = await openTrace(source, session, options, connectStartNs);
  const explainer = options.explain === true ? new TapExplainer(decisions, trace) : null;
  const terminal = new CardTerminal(session, { listener: explainer ?? trace, signal: io.signal });
  let explanations: readonly string[] = [];
  try {
    trace?.power('on', connectEndNs, session.atr);
    await readSequence(options, terminal, reading, unlocked === null ? code : null);
    if (explainer !== null) {
      terminal.phase = 'explain';
      const known = source.own?.cardInterface ?? readerDriver(options.reader).interface;
      const cardInterfaces = interfacesOf(session.atr, known);
      explanations = await explainer.sentences((command) => terminal.send(command), cardInterfaces);
    }
    // What was proven must not wait there for the next program.
    await session.disconnect('reset');
    trace?.power('off', systemClock.nowNs());
  } finally {
    await session.disconnect();
    await trace?.close();
  }
  return {
    reading,
    account: accountOf(connectStartNs, connectEndNs, terminal.exchanges),
    scene: {
      reader: describeReader(source, session),
      driver: source.reader.driver,
      protocol: session.protocol,
      atr: session.atr,
      today: today(),
    },
    exchanges: terminal.exchanges,
    explanations,
    plans:
      options.plan === undefined || reading.own === null
        ? null
        : comparePlans(options.plan, terminal.exchanges, reading.own, {
            protocol: session.protocol,
            carriesAll: source.own !== null,
          }),
  };
}

/** On a contactless reader the code is typed on the phone; a card in process has its phone here. */
function unlockOnPhone(source: OpenedReader, code: Uint8Array): CodeOutcome | null {
  if (source.own === null || source.own.cardInterface !== 'contactless') return null;
  const { card } = source.own.opened;
  if (!card.holder.present) return null;
  return asCodeOutcome(new PhoneScreen(card).unlock(code));
}

function asCodeOutcome(unlock: UnlockOutcome): CodeOutcome {
  switch (unlock.outcome) {
    case 'unlocked':
      return { outcome: 'unlocked-by-holder' };
    case 'wrong':
      return { outcome: 'wrong', triesLeft: unlock.triesLeft };
    case 'blocked':
      return { outcome: 'blocked' };
    default:
      return { outcome: 'not-given' };
  }
}

async function readSequence(
  { sequence, plan = 'classic' }: TapOptions,
  terminal: CardTerminal,
  reading: CardReading,
  code: Uint8Array | null,
): Promise<void> {
  if (sequence === 'all' || sequence === 'identity') {
    terminal.phase = 'free files';
    await readIdentityBySfi(terminal, reading);
  }
  if (sequence === 'identity-by-fid') {
    terminal.phase = 'free files';
    await readIdentityByFid(terminal, reading);
  }
  if (sequence === 'pointers') {
    terminal.phase = 'pointers';
    await readPointers(terminal, reading);
  }
  if (sequence === 'all' || sequence === 'own') await readOwnApplication(terminal, reading, code, READ_PLANS[plan]);
  if (sequence === 'ndef' || (sequence === 'all' && !isKnown(reading))) await readNdef(terminal, reading);
}

function openTrace(
  source: OpenedReader,
  session: CardSession,
  options: TapOptions,
  originNs: number,
): Promise<TraceWriter> | null {
  const { file } = options.record;
  if (file === null) return null;
  const description = {
    source: 'vitap tap',
    backend: source.backendAt(session.reader),
    reader: session.reader,
    driver: source.reader.driver,
    interface: source.own?.cardInterface ?? null,
    atr: session.atr,
    card: source.own?.opened.card.image.profile ?? null,
    cardSeed: source.own?.opened.seed ?? null,
  };
  return TraceWriter.create(file, description, { ...secrecyOf(options.record), originNs });
}

function describeReader(source: OpenedReader, session: CardSession): string {
  if (source.own === null) return session.reader;
  return `in process, ${source.own.cardInterface} (${source.own.opened.description})`;
}

/** This day where the program runs, AAAAMMJJ. */
function today(): string {
  const now = new Date();
  const two = (value: number): string => `${value}`.padStart(2, '0');
  return `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
}

/** What the person should know besides the content, one sentence each. */
function remarks(reading: CardReading): string[] {
  const refused = reading.refusals.some(({ status }) => status === '6982');
  switch (reading.code.outcome) {
    case 'wrong':
      return [`The code is wrong: ${triesInWords(reading.code.triesLeft)}.`];
    case 'blocked':
      return ['The code is blocked: no try left.'];
    case 'refused':
      return [
        `The card does not take the code in the clear here (${reading.code.status}); on a contactless reader the holder unlocks the card.`,
      ];
    default:
      if (!isKnown(reading)) {
        return ['This card answers to none of the names that this program knows.'];
      }
      return refused ? ['The own application needs the code: --pin, --pin-file FILE, or VITAP_PIN.'] : [];
  }
}

function verdictOf(reading: CardReading): ExitCode {
  const { outcome } = reading.code;
  if (outcome === 'wrong' || outcome === 'blocked') return EXIT.fail;
  if (reading.checks.some(({ verdict }) => verdict === 'fail')) return EXIT.fail;
  return isKnown(reading) ? EXIT.pass : EXIT.fail;
}

/** Whether the card answered to any name that this program knows. */
function isKnown({ ownApplication, identities, pointed, ndef }: CardReading): boolean {
  return ownApplication || identities.length > 0 || pointed.length > 0 || ndef !== null;
}

function inWords({ reading, account, scene, explanations, plans }: TapResult): string {
  const text = present(reading, account, scene, explanations);
  return plans === null ? text : `${text}\n${planLines(plans).join('\n')}\n`;
}

function asData({ reading, account, scene, exchanges, explanations, plans }: TapResult): unknown {
  const { signed: _signed, own: _own, ...content } = reading;
  return {
    id: 'tap',
    verdict: verdictOf(reading) === EXIT.pass ? 'pass' : 'fail',
    ...scene,
    ...content,
    explanations,
    ...(plans === null ? {} : { plans }),
    time: { ...account, exchanges },
  };
}
