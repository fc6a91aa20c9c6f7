import type { Call } from '../../../web/page/access.ts';
import { Button } from '../../../web/page/button.tsx';
import { usePolled } from '../../../web/page/polled.ts';
import { Screen } from '../../../web/page/screen.tsx';
import type { ResultBlob, ResultStatement } from '../../api/result.ts';
import type { AttemptState, RunDetail } from '../../api/run.ts';
import type { WORDS } from '../words.ts';
import { backendInWords, Failure, StateLine, useWords } from './parts.tsx';

const EVERY_MS = 2000;

const ATTEMPT_WORDS = {
  running: 'attemptRunning',
  finished: 'attemptFinished',
  'given-back': 'attemptGivenBack',
  late: 'attemptLate',
  cancelled: 'attemptCancelled',
} as const satisfies Record<AttemptState, keyof typeof WORDS>;

interface RunProps {
  readonly call: Call;
  readonly id: string;
  readonly leave: () => void;
}

/** A run: its verdict, who tried it, what its bench said, its files. */
export function RunPanel({ call, id, leave }: RunProps) {
  const say = useWords();
  const { view, failure } = usePolled<RunDetail>(call, `/v1/runs/${id}`, EVERY_MS);
  const { number, subject, suite } = view?.run ?? { number: '', subject: '', suite: '' };
  return (
    <Screen title={say('run', { number, subject, suite })} entered>
      <Button onPress={leave}>{say('back')}</Button>
      <Failure heard={view !== null} failure={failure} />
      {view === null ? null : (
        <>
          <StateLine run={view.run} />
          {view.progress === null ? null : (
            <p>
              {say('progress', view.progress)} {view.progress.note}
            </p>
          )}
          <h3>{say('attempts')}</h3>
          <ul class="plain">
            {view.attempts.map(({ id, number, bench, device, state, reason }) => (
              <li key={id}>
                {say('attempt', { number, bench, device, state: say(ATTEMPT_WORDS[state]) })}
                {reason === '' ? '' : `: ${reason}`}
              </li>
            ))}
          </ul>
          {view.statement === null ? null : <Statement call={call} statement={view.statement} />}
        </>
      )}
    </Screen>
  );
}

function Statement({ call, statement }: { readonly call: Call; readonly statement: ResultStatement }) {
  const say = useWords();
  const facts = [
    [say('backend'), backendInWords(say, statement.backend)],
    [say('card'), statement.card],
    [say('image'), statement.image],
    [say('board'), statement.board],
    ...Object.entries(statement.versions),
  ] as const;
  const figures = Object.entries(statement.figures);
  const notPassed = statement.cases.filter(({ verdict }) => verdict === 'fail' || verdict === 'inconclusive');
  return (
    <>
      <Facts rows={facts.filter(([, value]) => value !== null)} />
      {statement.cases.length === 0 ? null : (
        <h3>{say('cases', { count: notPassed.length, all: statement.cases.length })}</h3>
      )}
      <ul class="plain">
        {notPassed.map(({ id, verdict, reason }) => (
          <li key={id}>
            <strong>{id}</strong> {verdict} {reason}
          </li>
        ))}
      </ul>
      {figures.length === 0 ? null : <h3>{say('figures')}</h3>}
      <Facts rows={figures} />
      {statement.blobs.length === 0 ? null : <h3>{say('files')}</h3>}
      <div class="row">
        {statement.blobs.map((blob) => (
          <Button key={blob.name} onPress={() => void save(call, blob)}>
            {say('download', { name: blob.name })}
          </Button>
        ))}
      </div>
    </>
  );
}

function Facts({ rows }: { readonly rows: readonly (readonly [string, string | number | null])[] }) {
  if (rows.length === 0) return null;
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <>
          <dt>{name}</dt>
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
