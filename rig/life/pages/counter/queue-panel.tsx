import type { Call } from '../../../web/page/access.ts';
import { Button } from '../../../web/page/button.tsx';
import { Screen } from '../../../web/page/screen.tsx';
import { LiveRegion, StatusLine } from '../../../web/page/status-line.tsx';
import { useAct } from '../act.ts';
import { useFormats, useRefusalWords, useWords } from '../say.ts';
import type { CounterView } from './view.ts';

const STATES = { waiting: 'queueWaiting', sent: 'queueSent', refused: 'queueRefused' } as const;

interface QueuePanelProps {
  readonly call: Call;
  readonly view: CounterView;
  readonly refresh: () => void;
}

/** The claims of this counter: which wait, which were sent, and why one was not. */
export function QueuePanel({ call, view, refresh }: QueuePanelProps) {
  const say = useWords();
  const { day, euros } = useFormats();
  const act = useAct(refresh);
  const inWords = useRefusalWords();
  const waits = view.queue.some(({ state }) => state === 'waiting');
  const send = (): void =>
    act.run(async () => {
      await call('POST', '/api/counter/queue', {});
    });
  return (
    <Screen title={say('queueTitle')}>
      <LiveRegion urgent>{act.fault === '' ? null : <p class="fault">{act.fault}</p>}</LiveRegion>
      {view.queue.length === 0 ? <p>{say('queueNone')}</p> : null}
      <ul class="plain">
        {view.queue.map((item) => (
          <li key={item.requestId}>
            {item.number} · {day(item.date)} · <span class="amount">{euros(item.total)}</span> ·{' '}
            <strong>{say(STATES[item.state])}</strong>
            {item.problem === null ? null : <p class="hint">{inWords(item.problem)}</p>}
          </li>
        ))}
      </ul>
      {view.damaged.map((name) => (
        <StatusLine key={name} tone="bad">
          {say('queueDamaged', { name })}
        </StatusLine>
      ))}
      {waits ? (
        <div class="row">
          <Button busy={act.busy} onPress={send}>
            {say('queueSend')}
          </Button>
        </div>
      ) : null}
    </Screen>
  );
}
