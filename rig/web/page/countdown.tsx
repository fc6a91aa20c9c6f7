import { useEffect, useRef, useState } from 'preact/hooks';
import { useFrameWords } from './language.tsx';

/** Seconds at which a screen reader is told, so that it does not count aloud. */
const SAID_AT: readonly number[] = [30, 10, 5];

/** Above it, minutes are shown. */
const LONG = 120;

interface CountdownProps {
  readonly label: string;
  /** When it ends, in milliseconds of `performance.now()`. */
  readonly endsAt: number;
  /** What it had at its start, in milliseconds. */
  readonly wholeMs: number;
  readonly onEnd: () => void;
}

/** Time that runs out: a bar, the seconds, and an end that happens once. */
export function Countdown({ label, endsAt, wholeMs, onEnd }: CountdownProps) {
  const say = useFrameWords();
  const [seconds, setSeconds] = useState(() => secondsUntil(endsAt));
  const ending = useRef(onEnd);
  ending.current = onEnd;
  useEffect(() => {
    let timer: number;
    const tick = (): void => {
      const left = endsAt - performance.now();
      setSeconds(secondsUntil(endsAt));
      if (left <= 0) ending.current();
      // To the next whole second, and not before it.
      else timer = window.setTimeout(tick, left % 1000 || 1000);
    };
    tick();
    return () => window.clearTimeout(timer);
  }, [endsAt]);
  return (
    <div class={seconds <= 10 ? 'countdown late' : 'countdown'}>
      <div role="timer" aria-label={label} class="countdown-words">
        <span aria-hidden="true">{label}</span>{' '}
        <strong>
          {seconds > LONG ? say('minutes', { minutes: Math.ceil(seconds / 60) }) : say('seconds', { seconds })}
        </strong>
      </div>
      <progress aria-hidden="true" max={wholeMs / 1000} value={seconds} />
      <div role="status" class="unseen">
        {SAID_AT.includes(seconds) ? say('secondsLeft', { seconds }) : ''}
      </div>
    </div>
  );
}

function secondsUntil(endsAt: number): number {
  return Math.max(0, Math.ceil((endsAt - performance.now()) / 1000));
}
