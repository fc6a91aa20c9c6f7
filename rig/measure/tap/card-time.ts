import type { Clock } from '../../../src/hal/clock.ts';
import { median } from '../../figures/quantile.ts';
import { counted } from '../../report/words.ts';
import type { LoopbackSource } from './loopback-source.ts';
import type { DiagnosisFinding } from './result.ts';
import { type RecordedTap, runTaps } from './run.ts';
import { realWaiter } from './schedule.ts';
import type { TapScript } from './script.ts';
import { type Accounting, modelled, residual } from './source.ts';

/** What a card of a profile takes for a tap, command by command; nanoseconds. */
export interface CardTimes {
  readonly profile: string;
  readonly powerOnNs: number;
  /** In the order of the tap. */
  readonly exchanges: readonly { readonly command: string; readonly ns: number }[];
}

const TAPS = 60;
/** For the compiler. */
const WARM_UP = 40;

/**
 * Taps a card of the profile in process: the card's part of a tap whose card is out of sight.
 * @returns null when no tap of it was good
 */
export async function cardTimesOf(
  source: LoopbackSource,
  profile: string,
  script: TapScript,
  clock: Clock,
  signal: AbortSignal,
): Promise<CardTimes | null> {
  const { taps } = await runTaps({
    source,
    script,
    taps: TAPS,
    warmUp: WARM_UP,
    arrivals: { kind: 'closed' },
    waiter: realWaiter(clock),
    signal,
  });
  return timesOf(
    profile,
    taps.filter(({ failure }) => failure === null),
  );
}

function timesOf(profile: string, good: readonly RecordedTap[]): CardTimes | null {
  const [first] = good;
  if (first === undefined) return null;
  return {
    profile,
    powerOnNs: median(good.map(({ activation }) => activation.cardNs ?? 0)),
    exchanges: first.exchanges.map((exchange, i) => ({
      command: shapeOf(exchange),
      ns: median(good.map(({ exchanges }) => exchanges[i]?.metered.cardNs ?? 0)),
    })),
  };
}

function shapeOf(exchange: RecordedTap['exchanges'][number]): string {
  const { header, status, sentBytes, receivedBytes } = exchange;
  return `${header} ${status} ${sentBytes} ${receivedBytes}`;
}

/** Fills in the card's part where the tap was the same, exchange by exchange. */
export function withCardTimes(taps: readonly RecordedTap[], times: CardTimes): RecordedTap[] {
  return taps.map((tap) => {
    if (!isSameTap(tap, times)) return tap;
    const exchanges = tap.exchanges.map((exchange, i) => ({
      ...exchange,
      metered: { ...exchange.metered, cardNs: times.exchanges[i]?.ns ?? null },
    }));
    return { ...tap, exchanges, activation: { ...tap.activation, cardNs: times.powerOnNs } };
  });
}

/** A tap that failed has its beginning in common. */
function isSameTap({ exchanges, failure }: RecordedTap, times: CardTimes): boolean {
  const whole = failure !== null || exchanges.length === times.exchanges.length;
  return whole && exchanges.every((exchange, i) => shapeOf(exchange) === times.exchanges[i]?.command);
}

/** Whether the card in the reader did what one of the profile does. @param times null when none of its taps was good */
export function cardTimeFinding(
  profile: string,
  times: CardTimes | null,
  taps: readonly RecordedTap[],
): DiagnosisFinding {
  const id = 'card-time';
  if (times === null) {
    const detail = `no tap of ${profile} in process was good: the card's own time is not known`;
    return { id, verdict: 'note', detail };
  }
  const other = taps.filter((tap) => !isSameTap(tap, times)).length;
  if (other === 0) {
    return { id, verdict: 'fine', detail: `the card's own time is that of ${profile} in process, command by command` };
  }
  const detail = `${other} of ${counted(taps.length, 'tap')} ${other === 1 ? 'differs from that' : 'differ from those'} of ${profile} in process: the card's own time is not known in ${other === 1 ? 'it' : 'them'}`;
  return { id, verdict: 'note', detail, cure: '--profile says which card is in the reader' };
}

const CHIP_WITHOUT_CARD =
  'from the acknowledgement to the response on the line, without air, card and the bytes’ own time';

/** The account once the card's part is known. */
export function accountingWithCard(accounting: Accounting, profile: string): Accounting {
  const { residual: rest, layers } = accounting;
  return {
    ...accounting,
    layers: {
      ...layers,
      card: modelled(`the same commands on a card of ${profile} in this process, median`),
      [rest]: residual(rest === 'reader' ? CHIP_WITHOUT_CARD : 'an exchange without air and card'),
    },
  };
}
