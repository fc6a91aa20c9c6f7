import { useState } from 'preact/hooks';
import { Button } from '../../../web/page/button.tsx';
import { Field } from '../../../web/page/field.tsx';
import { StatusLine } from '../../../web/page/status-line.tsx';
import type { BenchSummary } from '../../api/bench.ts';
import { Confirm } from './confirm.tsx';
import { type Change, useLive } from './live.tsx';
import { backendInWords, Failure, LabScreen, Link, refusalInWords, useTimes, useWords } from './parts.tsx';
import type { Session } from './session.tsx';

const EVERY_MS = 1000;

const isOfBenches = ({ event }: Change): boolean => event === 'bench';
/** The clocks of two machines differ by so much without harm. */
const SKEW_MS = 2000;
const LONGEST_REASON = 500;

interface BenchesProps {
  readonly session: Session;
  readonly entered: boolean;
  /** The one that is looked for; null: all of them. */
  readonly name: string | null;
}

/** Every bench: whether it is there, what it has, what it does. */
export function BenchesPanel({ session: { call, isOperator }, entered, name }: BenchesProps) {
  const say = useWords();
  const [asked, ask] = useState<BenchSummary | null>(null);
  const { view, failure, refresh } = useLive<{ benches: readonly BenchSummary[] }>(
    call,
    '/v1/benches',
    isOfBenches,
    EVERY_MS,
  );
  const benches = view?.benches.filter((each) => name === null || each.name === name);
  const decide = async (bench: string, reason: string | null): Promise<string | null> => {
    try {
      await call('POST', `/v1/benches/${bench}/quarantine`, { reason });
    } catch (error) {
      return refusalInWords(say, error);
    }
    refresh();
    return null;
  };
  const above =
    name === null ? undefined : [{ to: { page: 'benches', name: null } as const, words: say('tabBenches') }];
  return (
    <LabScreen title={name ?? say('tabBenches')} entered={entered} above={above}>
      <Failure heard={view !== null} failure={failure} />
      {benches?.length === 0 ? <p>{say(name === null ? 'noBenches' : 'benchUnknown')}</p> : null}
      <ul class="plain benches">
        {benches?.map((bench) => (
          <li key={bench.name}>
            <Bench bench={bench} />
            {isOperator ? (
              <div class="row">
                <Button onPress={() => ask(bench)}>
                  {say(bench.quarantined === null ? 'quarantine' : 'release', { name: bench.name })}
                </Button>
              </div>
            ) : null}
          </li>
        ))}
      </ul>
      {asked === null ? null : <Question bench={asked} decide={decide} close={() => ask(null)} />}
    </LabScreen>
  );
}

interface QuestionProps {
  readonly bench: BenchSummary;
  readonly decide: (bench: string, reason: string | null) => Promise<string | null>;
  readonly close: () => void;
}

/** Asks before a bench is put into quarantine, which needs a reason, and before it is let back. */
function Question({ bench: { name, quarantined }, decide, close }: QuestionProps) {
  const say = useWords();
  const [reason, setReason] = useState('');
  if (quarantined !== null) {
    return (
      <Confirm
        title={say('release', { name })}
        act={say('releaseSure')}
        kind="primary"
        onAct={() => decide(name, null)}
        close={close}
      >
        <p>{say('releaseLead')}</p>
        <p class="reason">{quarantined}</p>
      </Confirm>
    );
  }
  const put = async (): Promise<string | null> =>
    reason.trim() === '' ? say('reasonEmpty') : decide(name, reason.trim());
  return (
    <Confirm title={say('quarantine', { name })} act={say('quarantineSure')} onAct={put} close={close}>
      <p>{say('quarantineLead')}</p>
      <Field label={say('reason')} value={reason} onValue={setReason} maxLength={LONGEST_REASON} />
    </Confirm>
  );
}

function Bench({ bench }: { readonly bench: BenchSummary }) {
  const say = useWords();
  const time = useTimes();
  const { name, version, alive, quarantined, skewMs, spooled, seenAt, leftAt, devices, running } = bench;
  const remarks = [
    ...(Math.abs(skewMs) > SKEW_MS ? [say('benchSkew', { seconds: Math.round(skewMs / 1000) })] : []),
    ...(spooled > 0 ? [say('benchSpooled', { count: spooled })] : []),
  ];
  return (
    <>
      <h3>
        <Link to={{ page: 'benches', name }}>{name}</Link>
      </h3>
      <StatusLine tone={quarantined !== null ? 'bad' : alive ? 'good' : 'unsure'}>
        {[
          say(alive ? 'benchAlive' : leftAt === null ? 'benchGone' : 'benchLeft'),
          ...(quarantined === null ? [] : [say('benchQuarantined', { reason: quarantined })]),
          ...remarks,
        ].join(', ')}
      </StatusLine>
      <p class="hint">
        {[
          say('version', { version }),
          seenAt === null || alive ? null : say('seenAt', { time: time(seenAt) }),
          devices.length === 0 ? say('noDevices') : null,
        ]
          .filter((each) => each !== null)
          .join(' · ')}
      </p>
      <ul class="plain devices">
        {devices.map(({ device, model, backend, card }) => {
          const run = running.find((each) => each.device === device);
          return (
            <li key={device}>
              <span>
                <strong>{device}</strong> <span class="hint">{model}</span>
              </span>
              <span class="hint">
                {[backendInWords(say, backend), card === null ? null : (card.label ?? card.atr)]
                  .filter((each) => each !== null)
                  .join(' · ')}
              </span>
              {run === undefined ? null : <Link to={{ page: 'run', id: run.run }}>{say('deviceBusy')}</Link>}
              {run === undefined && alive ? <span class="mark free">{say('deviceFree')}</span> : null}
            </li>
          );
        })}
      </ul>
    </>
  );
}
