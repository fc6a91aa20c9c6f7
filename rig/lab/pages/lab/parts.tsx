import { useEffect, useState } from 'preact/hooks';
import { type Call, CallRefused } from '../../../web/page/access.ts';
import { useFrameWords, useWordsOf } from '../../../web/page/language.tsx';
import { LiveRegion, StatusLine, type Tone } from '../../../web/page/status-line.tsx';
import type { Values } from '../../../web/page/words.ts';
import type { Counts } from '../../api/campaign.ts';
import type { Backend } from '../../api/capability.ts';
import type { RunState, RunSummary } from '../../api/run.ts';
import { WORDS } from '../words.ts';

export type Say = (key: keyof typeof WORDS, values?: Values) => string;

export function useWords(): Say {
  return useWordsOf(WORDS);
}

/** Whether the server answers, and why not. */
export function Failure({ heard, failure }: { readonly heard: boolean; readonly failure: CallRefused | null }) {
  const frame = useFrameWords();
  const say = useWords();
  const words = (): string => {
    if (failure === null) return frame('loading');
    if (failure.code === 'UNREACHABLE') return frame('unreachable');
    if (failure.code === 'token-wrong') return frame('secretRefused');
    return say('refused', { message: failure.message });
  };
  return (
    <LiveRegion urgent={failure !== null}>
      {heard && failure === null ? null : <StatusLine tone={failure === null ? 'plain' : 'bad'}>{words()}</StatusLine>}
    </LiveRegion>
  );
}

/** What is asked for once, and again when the path changes. */
export function useAsked<View>(
  call: Call,
  path: string | null,
): { readonly view: View | null; readonly failure: CallRefused | null } {
  const [view, setView] = useState<View | null>(null);
  const [failure, setFailure] = useState<CallRefused | null>(null);
  useEffect(() => {
    setView(null);
    setFailure(null);
    if (path === null) return;
    const stop = new AbortController();
    call<View>('GET', path, undefined, stop.signal)
      .then(setView)
      .catch((error: unknown) => {
        if (!stop.signal.aborted) {
          setFailure(error instanceof CallRefused ? error : new CallRefused('UNREACHABLE', String(error)));
        }
      });
    return () => stop.abort();
  }, [call, path]);
  return { view, failure };
}

const STATES = ['failed', 'error', 'running', 'queued', 'cancelled', 'passed'] as const;

/** The worst first, so that a cell is read at a glance; states that have no run are left out. */
export function countsInWords(say: Say, counts: Counts): string {
  return STATES.filter((state) => counts[state] > 0)
    .map((state) => say(state, { count: counts[state] }))
    .join(', ');
}

export function toneOf(counts: Counts): Tone {
  if (counts.failed + counts.error > 0) return 'bad';
  if (counts.queued + counts.running > 0) return 'plain';
  return counts.cancelled > 0 ? 'unsure' : 'good';
}

const STATE_WORDS = {
  queued: 'stateQueued',
  running: 'stateRunning',
  passed: 'statePassed',
  failed: 'stateFailed',
  error: 'stateError',
  cancelled: 'stateCancelled',
} as const satisfies Record<RunState, keyof typeof WORDS>;

export function stateInWords(say: Say, state: RunState): string {
  return say(STATE_WORDS[state]);
}

const STATE_TONES: Readonly<Record<RunState, Tone>> = {
  ...{ queued: 'plain', running: 'plain', passed: 'good', failed: 'bad', error: 'bad', cancelled: 'unsure' },
};

const BACKEND_WORDS = { hardware: 'hardware', simulated: 'simulated' } as const satisfies Record<
  Backend,
  keyof typeof WORDS
>;

export function backendInWords(say: Say, backend: Backend): string {
  return say(BACKEND_WORDS[backend]);
}

/** Runs in lines, each of which opens its run. */
export function RunList({ runs, open }: { readonly runs: readonly RunSummary[]; readonly open: (id: string) => void }) {
  const say = useWords();
  return (
    <ul class="plain">
      {runs.map((run) => (
        <li key={run.id}>
          <button type="button" class="link" onClick={() => open(run.id)}>
            {say('runLine', { number: run.number, repetition: run.repetition, state: stateInWords(say, run.state) })}
          </button>
          <p class="hint">{[run.subject, run.suite, run.bench, run.reason].filter(Boolean).join(' · ')}</p>
        </li>
      ))}
    </ul>
  );
}

export function StateLine({ run }: { readonly run: RunSummary }) {
  const say = useWords();
  const reason = run.reason === '' ? '' : `: ${run.reason}`;
  return (
    <StatusLine tone={STATE_TONES[run.state]}>
      {stateInWords(say, run.state)}
      {reason}
    </StatusLine>
  );
}
