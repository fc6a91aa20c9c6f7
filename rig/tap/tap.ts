import { SW, statusWordMeaning, triesInWords } from '../../src/apdu/status-word.ts';
import type { ExplainedAccess } from '../../src/applet/access/explain.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { NO_CHANNEL } from '../channel/choice.ts';
import type { OpenChannel } from '../channel/open-channel.ts';
import { ReaderChannel } from '../channel/reader-channel.ts';
import { SessionKeyRecorder } from '../channel/session-key-file.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { readPin } from '../console/pin.ts';
import { type OpenedReader, openReader } from '../endpoint/open-reader.ts';
import { readerDriver } from '../endpoint/readers.ts';
import { RecordedSession } from '../trace/record/recorded-reader.ts';
import { traceSession } from '../trace/record/session-trace.ts';
import { accountOf, type TapAccount } from './account.ts';
import { TapExplainer } from './explaining.ts';
import { readIdentityByFid, readIdentityBySfi, readPointers } from './field-sequences.ts';
import { interfacesOf } from './interfaces-of-atr.ts';
import { judge } from './judge.ts';
import { MeasuredSession } from './measured-session.ts';
import { readNdef } from './ndef.ts';
import type { TapOptions } from './options.ts';
import { readOwnApplication } from './own-application.ts';
import { READ_PLANS } from './plan.ts';
import { comparePlans, type PlanComparison, planLines } from './plan-cost.ts';
import { present, type TapScene } from './presentation.ts';
import { describeReader, today, unlockOnPhone } from './reader-session.ts';
import { type CardReading, emptyReading } from './reading.ts';
import { CardTerminal } from './terminal.ts';

/**
 * `vitap tap`: reads a card, shows it, and says where the time went.
 * @returns 0 read (refusals for want of a code included), 1 the code was wrong or blocked, something read does not
 * hold, or the card is none that this program knows
 */
export async function tap(options: TapOptions, io: CommandIo): Promise<ExitCode> {
  const code = await readPin(options.pin, io);
  const channel = await ReaderChannel.from(options.channel ?? NO_CHANNEL, io, options.card !== null);
  const decisions: ExplainedAccess[] = [];
  const tell = options.explain === true ? (explained: ExplainedAccess) => decisions.push(explained) : undefined;
  let result: TapResult;
  try {
    const source = await openReader(options.reader, { ...options, onAccess: tell, signal: io.signal });
    try {
      result = await readOnce(source, options, { code, channel }, io, decisions);
    } finally {
      await source.close();
    }
  } finally {
    code?.fill(0);
    channel?.wipe();
  }
  await judge(result.reading);
  if (io.json) writeJson(io, asData(result));
  else io.stdout(inWords(result));
  for (const sentence of remarks(result)) io.stderr(`${sentence}\n`);
  return verdictOf(result.reading);
}

/** What a tap is given to show the card. */
interface TapSecrets {
  readonly code: Uint8Array | null;
  readonly channel: ReaderChannel | null;
}

interface TapResult {
  readonly reading: CardReading;
  /** How the channel was opened; null: all was sent in clear. */
  readonly channel: Pick<OpenChannel, 'account' | 'steps'> | null;
  /** The card refused something in clear, and has PACE. */
  readonly needsChannel: boolean;
  /** It may be a card with contacts, where the code in the clear will do. */
  readonly mayTakeCode: boolean;
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
  secrets: TapSecrets,
  io: CommandIo,
  decisions: ExplainedAccess[],
): Promise<TapResult> {
  const { code } = secrets;
  const reading = emptyReading();
  const unlocked =
    code === null ? null : await unlockOnPhone(source, code, { timeoutMs: options.timeoutMs, signal: io.signal });
  if (unlocked !== null) reading.code = unlocked;
  const waiting = { timeoutMs: options.timeoutMs, signal: io.signal };
  const commandTime = (await source.commandTime?.(waiting)) ?? null;
  const connectStartNs = systemClock.nowNs();
  const session = await source.reader.connect({
    ...waiting,
    ...(source.name === null ? {} : { reader: source.name }),
  });
  const connectEndNs = systemClock.nowNs();
  const keys = options.channel?.sessionKeys == null ? null : new SessionKeyRecorder(options.channel.sessionKeys);
  const trace = await traceSession(
    source,
    session,
    options.record,
    { source: 'vitap tap', sessionKeys: keys?.id ?? null },
    { originNs: connectStartNs },
  );
  trace?.power('on', connectEndNs, session.atr);
  const measured = commandTime === null ? null : new MeasuredSession(session, commandTime, systemClock);
  const timed = measured ?? session;
  const wire = trace === null ? timed : new RecordedSession(timed, trace, systemClock);
  const explainer = options.explain === true ? new TapExplainer(decisions, null) : null;
  const terminal = new CardTerminal(wire, { listener: explainer, signal: io.signal, firmware: measured });
  let explanations: readonly string[] = [];
  let channel: OpenChannel | null = null;
  let needsChannel = false;
  let mayTakeCode = false;
  try {
    const hooks = {
      onExchange: (...[step, command, exchange]: Parameters<typeof terminal.account>) =>
        terminal.account(step, command, exchange),
      ...(keys !== null && { onKeys: keys.add }),
    };
    channel = (await secrets.channel?.open(wire, io.signal, hooks)) ?? null;
    if (channel !== null) terminal.enter(channel);
    // What the card decided while the channel was opened is no reason of a later refusal.
    decisions.length = 0;
    await readSequence(options, terminal, reading, unlocked === null ? code : null);
    const known = source.own?.cardInterface ?? readerDriver(options.reader).interface;
    const cardInterfaces = interfacesOf(session.atr, known);
    if (explainer !== null) {
      terminal.phase = 'explain';
      explanations = await explainer.sentences((command) => terminal.send(command), cardInterfaces);
    }
    if (channel === null && isRefused(reading) && cardInterfaces.includes('contactless')) {
      terminal.phase = 'EF.CardAccess';
      const { offersPace } = await import('../channel/open-channel.ts');
      needsChannel = await offersPace((command) => terminal.send(command));
      mayTakeCode = cardInterfaces.includes('contact');
    }
    // What was proven must not wait there for the next program.
    await wire.disconnect('reset');
  } finally {
    channel?.session.leave();
    await wire.disconnect();
    await trace?.close();
    keys?.write();
  }
  return {
    reading,
    channel,
    needsChannel,
    mayTakeCode,
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

/** Why a code was neither right nor wrong. `status`: four hexadecimal digits. */
function codeRefused(status: string): string {
  const sw = Number.parseInt(status, 16);
  switch (sw) {
    case SW.WRONG_LENGTH:
      return `A code of this card has another length (${status}).`;
    case SW.SECURITY_STATUS_NOT_SATISFIED:
      return `The card does not take the code in the clear here (${status}); on a contactless reader the holder unlocks the card.`;
    default:
      return `The card refused the code (${status} ${statusWordMeaning(sw)}).`;
  }
}

/** What the person should know besides the content, one sentence each. */
function remarks({ reading, channel, needsChannel, mayTakeCode }: TapResult): string[] {
  const refused = isRefused(reading);
  switch (reading.code.outcome) {
    case 'wrong':
      return [`The code is wrong: ${triesInWords(reading.code.triesLeft)}.`];
    case 'blocked':
      return ['The code is blocked: no try left.'];
    case 'refused':
      return [codeRefused(reading.code.status)];
    default:
      if (!isKnown(reading) && !needsChannel) {
        return ['This card answers to none of the names that this program knows.'];
      }
      if (!refused) return [];
      if (needsChannel) {
        return [
          mayTakeCode
            ? 'What was refused needs the code (--pin, --pin-file FILE, or VITAP_PIN), or PACE, which the card has (--can-file FILE or VITAP_CAN).'
            : 'What was refused needs PACE: --can-file FILE or VITAP_CAN.',
        ];
      }
      if (channel !== null && channel.account.terminal === null) {
        return [
          'The channel is open, and the card gives more to a terminal that proves who it is: --terminal-keys FILE.',
        ];
      }
      return ['The own application needs the code: --pin, --pin-file FILE, or VITAP_PIN.'];
  }
}

function isRefused({ refusals }: CardReading): boolean {
  return refusals.some(({ status }) => status === '6982');
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

function inWords({ reading, account, scene, explanations, plans, channel }: TapResult): string {
  const text = present(reading, account, { ...scene, channel: channel?.account ?? null }, explanations);
  return plans === null ? text : `${text}\n${planLines(plans).join('\n')}\n`;
}

function asData({ reading, account, scene, exchanges, explanations, plans, channel }: TapResult): unknown {
  const { signed: _signed, own: _own, ...content } = reading;
  return {
    id: 'tap',
    verdict: verdictOf(reading) === EXIT.pass ? 'pass' : 'fail',
    ...scene,
    channel: channel === null ? null : { ...channel.account, steps: channel.steps },
    ...content,
    explanations,
    ...(plans === null ? {} : { plans }),
    time: { ...account, exchanges },
  };
}
