import { useCallback, useState } from 'preact/hooks';
import type { Call } from '../../../web/page/access.ts';
import { Button } from '../../../web/page/button.tsx';
import { useLanguage } from '../../../web/page/language.tsx';
import { figureUnit } from '../../api/figure.ts';
import type { ResultBlob, ResultStatement } from '../../api/result.ts';
import type { AttemptState, RunDetail } from '../../api/run.ts';
import type { WORDS } from '../words.ts';
import { isShownHere, sizeInWords } from './files.ts';
import { type Change, useLive } from './live.tsx';
import {
  backendInWords,
  CASE_MARKS,
  Failure,
  LabScreen,
  Link,
  refusalInWords,
  type Say,
  StateMark,
  useTimes,
  useWords,
} from './parts.tsx';
import type { Session } from './session.tsx';

const EVERY_MS = 1000;

const ATTEMPT_WORDS = {
  running: 'attemptRunning',
  finished: 'attemptFinished',
  'given-back': 'attemptGivenBack',
  late: 'attemptLate',
  cancelled: 'attemptCancelled',
} as const satisfies Record<AttemptState, keyof typeof WORDS>;

interface RunProps {
  readonly session: Session;
  readonly entered: boolean;
  readonly id: string;
}

/** A run: its verdict, who tried it, what its bench said, its report, traces and files. */
export function RunPanel({ session: { call }, entered, id }: RunProps) {
  const say = useWords();
  const isOfIt = useCallback(
    ({ event, data }: Change) => (event === 'run' && data.id === id) || (event === 'progress' && data.run === id),
    [id],
  );
  const { view, failure } = useLive<RunDetail>(call, `/v1/runs/${id}`, isOfIt, EVERY_MS);
  const title = view === null ? say('runNoNumber') : say('run', { number: view.run.number });
  return (
    <LabScreen title={title} entered={entered} above={view === null ? [] : aboveRun(say, view.run)}>
      <Failure heard={view !== null} failure={failure} />
      {view === null ? null : <Run call={call} view={view} />}
    </LabScreen>
  );
}

/** The ways up from a run: its campaign, and the runs of its cell. */
export function aboveRun(say: Say, { campaign, subject, suite }: RunDetail['run']) {
  return [
    { to: { page: 'campaign', id: campaign, cells: 'all' }, words: say('toCampaign', { id: campaign }) },
    {
      to: { page: 'runs', campaign, subject, suite, state: null, after: 0 },
      words: say('runsOf', { subject, suite }),
    },
  ] as const;
}

function Run({
  call,
  view: { run, attempts, progress, statement },
}: {
  readonly call: Call;
  readonly view: RunDetail;
}) {
  const say = useWords();
  const time = useTimes();
  return (
    <>
      <div class="verdict">
        <StateMark state={run.state} />
        <p>
          {say('runsOf', { subject: run.subject, suite: run.suite })}
          {' · '}
          {say('repetition', { number: run.repetition })}
        </p>
      </div>
      {run.reason === '' ? null : <p class="reason">{run.reason}</p>}
      {progress === null ? null : (
        <div class="progress">
          <progress value={progress.done} max={Math.max(progress.total, 1)} aria-label={say('progressName')} />
          <p class="hint">
            {progress.total > 0 ? `${say('progress', { done: progress.done, total: progress.total })} ` : ''}
            {progress.note}
          </p>
        </div>
      )}
      {statement === null ? null : <Statement call={call} run={run} statement={statement} />}
      <h3>{say('attempts')}</h3>
      {attempts.length === 0 ? <p class="hint">{say('noAttempts')}</p> : null}
      <ol class="plain">
        {attempts.map(({ id, number, bench, device, state, reason, startedAt }) => (
          <li key={id}>
            {say('attempt', { number, state: say(ATTEMPT_WORDS[state]) })}
            {' · '}
            <Link to={{ page: 'benches', name: bench }}>{bench}</Link>
            {` · ${device} · ${time(startedAt)}`}
            {reason === '' ? null : <p class="reason">{reason}</p>}
          </li>
        ))}
      </ol>
    </>
  );
}

/** Cases that did not pass, shown at once; the report has all of them. */
const MOST_CASES = 100;

interface StatementProps {
  readonly call: Call;
  readonly run: RunDetail['run'];
  readonly statement: ResultStatement;
}

function Statement({ call, run, statement }: StatementProps) {
  const say = useWords();
  const { language } = useLanguage();
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 3 });
  const facts = [
    [say('backend'), backendInWords(say, statement.backend)],
    [say('card'), statement.card],
    [say('image'), statement.image],
    [say('board'), statement.board],
    ...(statement.repairs === 0 ? [] : [[say('repairs'), String(statement.repairs)] as const]),
    ...Object.entries(statement.versions),
  ] as const;
  const figures = Object.entries(statement.figures).map(
    ([name, value]) => [name, withUnit(number.format(value), unitInWords(say, name))] as const,
  );
  const notPassed = statement.cases.flatMap((each) =>
    each.verdict === 'fail' || each.verdict === 'inconclusive' ? [{ ...each, verdict: each.verdict }] : [],
  );
  return (
    <>
      <Files call={call} run={run.id} blobs={statement.blobs} />
      {statement.cases.length === 0 ? null : (
        <h3>
          {notPassed.length === 0
            ? say('casesPassed', { all: statement.cases.length })
            : say('cases', { count: notPassed.length, all: statement.cases.length })}
        </h3>
      )}
      <ul class="plain cases">
        {notPassed.slice(0, MOST_CASES).map(({ id, verdict, reason }) => (
          <li key={id}>
            <span class={`mark ${CASE_MARKS[verdict].mark}`}>{say(CASE_MARKS[verdict].words)}</span>
            <span>
              <Link
                to={{ page: 'case', id, campaign: run.campaign, from: run.campaign, after: null }}
                label={say('caseTo', { id })}
              >
                {id}
              </Link>{' '}
              {reason}
            </span>
          </li>
        ))}
      </ul>
      {notPassed.length > MOST_CASES ? (
        <p class="hint">{say('andMore', { count: notPassed.length - MOST_CASES })}</p>
      ) : null}
      <div class="columns">
        <div>
          <h3>{say('judgedOn')}</h3>
          <Facts rows={facts.filter(([, value]) => value !== null)} />
        </div>
        {figures.length === 0 ? null : (
          <div>
            <h3>{say('figures')}</h3>
            <Facts rows={figures} />
          </div>
        )}
      </div>
    </>
  );
}

/** The unit of a figure in the reader's language; empty: it has none. */
function unitInWords(say: Say, name: string): string {
  const unit = figureUnit(name);
  if (unit === 'bytes') return say('unitBytes');
  return unit === 'B/s' ? say('unitBytesPerSecond') : unit;
}

/** `12.5 ms`, which no line breaks. */
function withUnit(value: string, unit: string): string {
  return unit === '' ? value : `${value}\u00a0${unit}`;
}

interface FilesProps {
  readonly call: Call;
  readonly run: string;
  readonly blobs: readonly ResultBlob[];
}

/** What the bench uploaded: reports and traces are shown from their data, everything can be saved. */
function Files({ call, run, blobs }: FilesProps) {
  const say = useWords();
  const { language } = useLanguage();
  const [fault, setFault] = useState('');
  if (blobs.length === 0) return null;
  const fetchIt = (blob: ResultBlob): void => {
    setFault('');
    save(call, blob).catch((error: unknown) => setFault(refusalInWords(say, error)));
  };
  return (
    <>
      <h3>{say('files')}</h3>
      {fault === '' ? null : (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      <ul class="plain files">
        {blobs.map((blob) => (
          <li key={blob.name}>
            <span>
              <strong>{blob.name}</strong> <span class="hint">{sizeInWords(blob.bytes, language)}</span>
            </span>
            <span class="row">
              {isShownHere(blob) ? (
                <Link to={{ page: 'file', run, name: blob.name }} className="button primary">
                  {say(blob.role === 'trace' ? 'showTrace' : 'showReport')}
                </Link>
              ) : null}
              <Button onPress={() => fetchIt(blob)} label={say('download', { name: blob.name })}>
                {say('save')}
              </Button>
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Facts({ rows }: { readonly rows: readonly (readonly [string, string | number | null])[] }) {
  if (rows.length === 0) return null;
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <>
          <dt key={name}>{name}</dt>
          <dd>{value}</dd>
        </>
      ))}
    </dl>
  );
}

/** Saved, and never shown: an uploaded page is no page of this server. */
async function save(call: Call, { sha256, name }: ResultBlob): Promise<void> {
  const bytes = await call.bytes(`/v1/blobs/${sha256}`);
  const address = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
