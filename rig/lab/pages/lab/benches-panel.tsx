import { useState } from 'preact/hooks';
import type { Call } from '../../../web/page/access.ts';
import { Button } from '../../../web/page/button.tsx';
import { usePolled } from '../../../web/page/polled.ts';
import { Screen } from '../../../web/page/screen.tsx';
import { StatusLine } from '../../../web/page/status-line.tsx';
import type { BenchSummary } from '../../api/bench.ts';
import { backendInWords, Failure, useWords } from './parts.tsx';

const EVERY_MS = 2000;
/** The clocks of two machines differ by so much without harm. */
const SKEW_MS = 2000;

/** Every bench: whether it is there, what it has, what it does. */
export function BenchesPanel({ call }: { readonly call: Call }) {
  const say = useWords();
  const [fault, setFault] = useState('');
  const { view, failure, refresh } = usePolled<{ benches: readonly BenchSummary[] }>(call, '/v1/benches', EVERY_MS);
  const release = (name: string): void => {
    setFault('');
    call('POST', `/v1/benches/${name}/quarantine`, { reason: null })
      .catch((error: Error) => setFault(say('refused', { message: error.message })))
      .finally(refresh);
  };
  return (
    <Screen title={say('tabBenches')}>
      <Failure heard={view !== null} failure={failure} />
      {view?.benches.length === 0 ? <p>{say('noBenches')}</p> : null}
      {fault === '' ? null : <p class="fault">{fault}</p>}
      <ul class="plain">
        {view?.benches.map((bench) => (
          <li key={bench.name}>
            <h3>{bench.name}</h3>
            <Standing bench={bench} />
            <ul>
              {bench.devices.map(({ device, backend }) => (
                <li key={device}>
                  {device}, {backendInWords(say, backend)},{' '}
                  {say(bench.running.some((each) => each.device === device) ? 'deviceBusy' : 'deviceFree')}
                </li>
              ))}
            </ul>
            {bench.quarantined === null ? null : (
              <Button onPress={() => release(bench.name)}>{say('release', { name: bench.name })}</Button>
            )}
          </li>
        ))}
      </ul>
    </Screen>
  );
}

function Standing({ bench }: { readonly bench: BenchSummary }) {
  const say = useWords();
  const { alive, quarantined, skewMs, spooled } = bench;
  const words = [
    say(alive ? 'benchAlive' : 'benchGone'),
    ...(quarantined === null ? [] : [say('benchQuarantined', { reason: quarantined })]),
    ...(Math.abs(skewMs) > SKEW_MS ? [say('benchSkew', { seconds: Math.round(skewMs / 1000) })] : []),
    ...(spooled > 0 ? [say('benchSpooled', { count: spooled })] : []),
  ];
  const tone = quarantined !== null ? 'bad' : alive ? 'good' : 'unsure';
  return <StatusLine tone={tone}>{words.join(', ')}</StatusLine>;
}
