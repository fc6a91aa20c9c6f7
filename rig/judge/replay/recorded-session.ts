import { isProtectedCommand } from '../../trace/protected-form.ts';
import { CardState } from './card-state.ts';
import { type ChannelStep, ChannelSteps } from './channel-steps.ts';
import { bytesOfHex } from './hex-template.ts';
import { NO_SECRETS, type Secrets, unmask } from './secrets.ts';
import { type ReplaySource, stepsOf } from './steps.ts';

/** An exchange as an emulated card needs it: text of a trace, in memory. */
export interface KnownExchange {
  /** From 1. */
  readonly index: number;
  /** Masked bytes that no secret fills are `XX`. */
  readonly command: string;
  readonly answer: string;
  /** null where the trace has no times. */
  readonly tookNs: number | null;
  /** Counts the sessions: a card without power or after a reset is in the next. */
  readonly session: number;
  /** Name of the state in which the command came, and of that after it. */
  readonly state: string;
  readonly nextState: string;
  /** It went through a secure channel: what is here is plain. */
  readonly isProtected: boolean;
  /** A step of the protocols that open a channel, to be answered with fresh values; null: as recorded. */
  readonly step: ChannelStep | null;
}

export interface RecordedSession {
  /** Those that have an answer. */
  readonly exchanges: readonly KnownExchange[];
  /** Without an answer that a card could give. */
  readonly unanswered: number;
  /** As the last power-on before the first command told it, or the header; null where it is not known or masked. */
  readonly atr: string | null;
  readonly ats: string | null;
  readonly maskedBytes: number;
  /** EF.CardAccess as far as it was read in clear; empty where channels are not played. */
  readonly cardAccess: Uint8Array;
  /** EF.CardSecurity as far as it was read inside a channel, likewise. */
  readonly cardSecurity: Uint8Array;
  /** What ended the trace before its end, or null. */
  readonly problem: string | null;
}

/** What every link carries. */
const LARGEST_ANSWER = 65_535;

/** Reads a whole trace: whoever answers at once cannot wait for a file. */
export async function loadSession(source: ReplaySource, secrets: Secrets = NO_SECRETS): Promise<RecordedSession> {
  const exchanges: KnownExchange[] = [];
  const state = new CardState();
  const { protectedOnes } = source;
  const opening = protectedOnes === undefined ? null : new ChannelSteps();
  let session = 0;
  let inSession = false;
  let unanswered = 0;
  let maskedBytes = 0;
  let { atr, ats } = source.header;
  let problem: string | null = null;
  try {
    for await (const step of stepsOf(source.events())) {
      if (step.type === 'stray' || step.type === 'channel') continue;
      if (step.type === 'power') {
        if (inSession) session++;
        inSession = false;
        state.reset();
        opening?.reset();
        if (exchanges.length === 0 && step.atr !== null) atr = step.atr;
        continue;
      }
      inSession = true;
      const unmasked = unmask(step.command, step.index, secrets);
      const command = 'hex' in unmasked ? unmasked.hex : step.command.apdu;
      const answer = step.response?.apdu ?? '';
      const isProtected = protectedOnes?.has(step.command) === true;
      // Still protected where its channel is opened: a channel of which there are no keys, or one that was refused.
      const sealed = opening !== null && !isProtected && isProtectedCommand(bytesOfHex(command));
      if (answer.length < 4 || answer.length > 2 * LARGEST_ANSWER || answer.endsWith('X') || sealed) {
        unanswered++;
        continue;
      }
      const before = state.name;
      state.next(bytesOfHex(command), bytesOfHex(answer));
      const tookNs = (step.response?.t ?? 0) - step.command.t;
      // A random value may look like a secret, and be masked in part: where it is fresh anyway, that is no loss.
      const known = opening?.next(bytesOfHex(command), bytesOfHex(answer), isProtected) ?? null;
      const masks = known === null || known.step === null ? (step.response?.masks ?? []) : [];
      maskedBytes += masks.reduce((sum, mask) => sum + mask.length, 0);
      exchanges.push({
        index: step.index,
        command: known === null ? command : maskedAs(command, known.command),
        answer: known === null ? answer : maskedAs(answer, known.answer),
        tookNs: tookNs > 0 ? tookNs : null,
        session,
        state: before,
        nextState: state.name,
        isProtected,
        step: known?.step ?? null,
      });
    }
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'TraceError') throw error;
    problem = error.message;
  }
  if (atr?.includes('X')) atr = null;
  if (ats?.includes('X')) ats = null;
  const { cardAccess, cardSecurity } = opening ?? { cardAccess: new Uint8Array(0), cardSecurity: new Uint8Array(0) };
  return { exchanges, unanswered, atr, ats, maskedBytes, cardAccess, cardSecurity, problem };
}

/** `known` with the masks of the trace in it. */
function maskedAs(written: string, known: string): string {
  if (!written.includes('X')) return known;
  return Array.from(known, (digit, i) => (written[i] === 'X' ? 'X' : digit)).join('');
}
