import { type ComponentChildren, createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import { type Call, CallRefused } from '../../../web/page/access.ts';
import { useFrameWords, useLanguage, useWordsOf } from '../../../web/page/language.tsx';
import { Screen } from '../../../web/page/screen.tsx';
import { LiveRegion, StatusLine } from '../../../web/page/status-line.tsx';
import type { Values } from '../../../web/page/words.ts';
import type { Counts } from '../../api/campaign.ts';
import type { Backend } from '../../api/capability.ts';
import type { RunState, RunSummary } from '../../api/run.ts';
import { WORDS } from '../words.ts';
import { addressOf, type Route, STATES } from './route.ts';

export type Say = (key: keyof typeof WORDS, values?: Values) => string;

export function useWords(): Say {
  return useWordsOf(WORDS);
}

/** Says what the window is called. */
export const WindowTitle = createContext<(title: string) => void>(() => {});

interface LabScreenProps {
  readonly title: string;
  /** Whether the reader came here by a step of theirs. */
  readonly entered: boolean;
  /** The ways up from here, the farthest first; empty: they come, and have their place. */
  readonly above?: readonly { readonly to: Route; readonly words: string }[] | undefined;
  readonly children: ComponentChildren;
}

/** A screen with an address of its own: its title is the window's, and the ways up stand over it. */
export function LabScreen({ title, entered, above, children }: LabScreenProps) {
  const say = useWords();
  const setTitle = useContext(WindowTitle);
  useEffect(() => setTitle(title), [title, setTitle]);
  return (
    <>
      {above === undefined ? null : (
        <nav class="above" aria-label={say('above')}>
          {above.map(({ to, words }, i) => (
            <span key={words}>
              {i === 0 ? null : <span aria-hidden="true">› </span>}
              <Link to={to}>{words}</Link>
            </span>
          ))}
        </nav>
      )}
      <Screen title={title} entered={entered}>
        {children}
      </Screen>
    </>
  );
}

interface LinkProps {
  readonly to: Route;
  readonly className?: string;
  readonly label?: string;
  readonly current?: boolean;
  readonly children: ComponentChildren;
}

export function Link({ to, className = 'link', label, current, children }: LinkProps) {
  return (
    <a class={className} href={addressOf(to)} aria-label={label} aria-current={current === true ? 'page' : undefined}>
      {children}
    </a>
  );
}

/** Whether the server answers, and why not. */
export function Failure({ heard, failure }: { readonly heard: boolean; readonly failure: CallRefused | null }) {
  const frame = useFrameWords();
  const say = useWords();
  return (
    <LiveRegion urgent={failure !== null}>
      {heard && failure === null ? null : (
        <StatusLine tone={failure === null ? 'plain' : 'bad'}>
          {failure === null
            ? frame('loading')
            : failure.code === 'UNREACHABLE'
              ? frame('unreachable')
              : refusalInWords(say, failure)}
        </StatusLine>
      )}
    </LiveRegion>
  );
}

const REFUSALS: Readonly<Record<string, keyof typeof WORDS>> = {
  'token-wrong': 'tokenWrong',
  'role-missing': 'roleMissing',
  'campaign-unknown': 'campaignUnknown',
  'run-unknown': 'runUnknown',
  'bench-unknown': 'benchUnknown',
  'blob-unknown': 'fileGone',
  'store-busy': 'storeBusy',
  'store-unreachable': 'storeAway',
};

/** A refusal in the reader's language; one that has no words here in those of the server. */
export function refusalInWords(say: Say, error: unknown): string {
  if (!(error instanceof CallRefused)) return say('refused', { message: String(error) });
  const known = REFUSALS[error.code];
  return known === undefined ? say('refused', { message: error.message }) : say(known);
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

/** `2 failed`, `1 error`. */
export function countInWords(say: Say, state: RunState, count: number): string {
  return say(state === 'error' && count === 1 ? 'errorOne' : state, { count });
}

/** The worst first, so that a cell is read at a glance; states that have no run are left out. */
export function countsInWords(say: Say, counts: Counts): string {
  const found = STATES.filter((state) => counts[state] > 0).map((state) => countInWords(say, state, counts[state]));
  return found.length === 0 ? say('noRuns') : found.join(', ');
}

export function totalOf(counts: Counts): number {
  return STATES.reduce((sum, state) => sum + counts[state], 0);
}

export function endedOf(counts: Counts): number {
  return totalOf(counts) - counts.queued - counts.running;
}

/** The state that says most of these runs. */
export function leadingState(counts: Counts): RunState {
  return STATES.find((state) => counts[state] > 0) ?? 'queued';
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

/** A sign for each state, each of another form, for who sees no colours. */
export const STATE_SIGNS: Readonly<Record<RunState, string>> = {
  ...{ failed: '✘', error: '!', running: '▶', queued: '…', cancelled: '–', passed: '✔' },
};

const BACKEND_WORDS = { hardware: 'hardware', simulated: 'simulated' } as const satisfies Record<
  Backend,
  keyof typeof WORDS
>;

export function backendInWords(say: Say, backend: Backend): string {
  return say(BACKEND_WORDS[backend]);
}

/** `28 Nov 2026, 14:03`, in the reader's language and time. */
export function useTimes(): (at: number) => string {
  const { language } = useLanguage();
  const format = new Intl.DateTimeFormat(language === 'fr' ? 'fr-FR' : 'en-GB', {
    dateStyle: 'medium',
    timeStyle: 'short',
  });
  return (at) => format.format(at);
}

/** How many runs of each state as a bar; the words beside it say the same. */
export function CountsBar({ counts }: { readonly counts: Counts }) {
  const total = totalOf(counts);
  return (
    <svg class="counts-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
      {STATES.map((state, i) => {
        const before = STATES.slice(0, i).reduce((sum, each) => sum + counts[each], 0);
        if (counts[state] === 0 || total === 0) return null;
        return (
          <rect
            key={state}
            class={state}
            x={(100 * before) / total}
            y="0"
            width={(100 * counts[state]) / total}
            height="4"
          />
        );
      })}
    </svg>
  );
}

/** How a case that did not pass is marked. */
export const CASE_MARKS = {
  fail: { mark: 'failed', words: 'caseFail' },
  inconclusive: { mark: 'error', words: 'caseInconclusive' },
} as const satisfies Record<'fail' | 'inconclusive', { readonly mark: string; readonly words: keyof typeof WORDS }>;

/** A state as its sign and its word. */
export function StateMark({ state }: { readonly state: RunState }) {
  const say = useWords();
  return (
    <span class={`mark ${state}`}>
      <span aria-hidden="true" class="sign">
        {STATE_SIGNS[state]}
      </span>
      {stateInWords(say, state)}
    </span>
  );
}

/** Runs in lines, each of which leads to its run. */
export function RunList({ runs }: { readonly runs: readonly RunSummary[] }) {
  const say = useWords();
  const time = useTimes();
  return (
    <ul class="plain runs">
      {runs.map((run) => (
        <li key={run.id}>
          <StateMark state={run.state} />
          <div>
            <Link to={{ page: 'run', id: run.id }}>
              {say('runLine', { campaign: run.campaign, number: run.number, repetition: run.repetition })}
            </Link>
            <p class="hint">
              {[run.subject, run.suite, run.bench, run.endedAt === null ? null : time(run.endedAt)]
                .filter(Boolean)
                .join(' · ')}
            </p>
            {run.reason === '' ? null : <p class="reason">{run.reason}</p>}
          </div>
        </li>
      ))}
    </ul>
  );
}
