import { CardState } from './card-state.ts';
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
  /** What ended the trace before its end, or null. */
  readonly problem: string | null;
}

/** What every link carries. */
const LARGEST_ANSWER = 65_535;

/** Reads a whole trace: whoever answers at once cannot wait for a file. */
export async function loadSession(source: ReplaySource, secrets: Secrets = NO_SECRETS): Promise<RecordedSession> {
  const exchanges: KnownExchange[] = [];
  const state = new CardState();
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
        if (exchanges.length === 0 && step.atr !== null) atr = step.atr;
        continue;
      }
      inSession = true;
      const unmasked = unmask(step.command, step.index, secrets);
      const command = 'hex' in unmasked ? unmasked.hex : step.command.apdu;
      const answer = step.response?.apdu ?? '';
      if (answer.length < 4 || answer.length > 2 * LARGEST_ANSWER || answer.endsWith('X')) {
        unanswered++;
        continue;
      }
      maskedBytes += (step.response?.masks ?? []).reduce((sum, mask) => sum + mask.length, 0);
      const before = state.name;
      state.next(bytesOfHex(command), bytesOfHex(answer));
      const tookNs = (step.response?.t ?? 0) - step.command.t;
      exchanges.push({
        index: step.index,
        command,
        answer,
        tookNs: tookNs > 0 ? tookNs : null,
        session,
        state: before,
        nextState: state.name,
      });
    }
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'TraceError') throw error;
    problem = error.message;
  }
  if (atr?.includes('X')) atr = null;
  if (ats?.includes('X')) ats = null;
  return { exchanges, unanswered, atr, ats, maskedBytes, problem };
}
