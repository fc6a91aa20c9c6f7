import { useState } from 'preact/hooks';
import type { Call } from '../../../web/page/access.ts';
import { Button } from '../../../web/page/button.tsx';
import { Field } from '../../../web/page/field.tsx';
import { Screen } from '../../../web/page/screen.tsx';
import { LiveRegion, StatusLine } from '../../../web/page/status-line.tsx';
import { useAct } from '../act.ts';
import { type Phrase, useFormats, useWords } from '../say.ts';
import { CodeScreen } from './code-screen.tsx';
import type { DelegateRequest, DelegationsView, ShownDelegation } from './view.ts';

const PATH = '/api/phone/delegations';
const KEY = /^[A-Za-z0-9_-]{43}$/;
const MOST_DAYS = 30;

interface DelegationsPanelProps {
  readonly call: Call;
  readonly triesLeft: number | null;
  readonly refresh: () => void;
  /** The keypad hears the whole page: while it is there, nothing else of it is. */
  readonly onCode: (atCode: boolean) => void;
}

/** Who may present for somebody on this card, and for whom this phone may: list, give, take back. */
export function DelegationsPanel({ call, triesLeft, refresh, onCode }: DelegationsPanelProps) {
  const say = useWords();
  const act = useAct(refresh);
  const [view, setView] = useState<DelegationsView | null>(null);
  const [note, setNote] = useState<Phrase | null>(null);
  const [order, setOrder] = useState<Omit<DelegateRequest, 'code'> | null>(null);
  const ask = async (): Promise<void> => setView(await call<DelegationsView>('GET', PATH));
  const leave = (): void => {
    act.clear();
    setOrder(null);
    onCode(false);
  };
  if (order !== null) {
    const give = (code: string): void =>
      act.run(async () => {
        const request: DelegateRequest = { ...order, code };
        await call('POST', PATH, request);
        setNote('delegationGiven');
        leave();
        await ask();
      });
    return (
      <CodeScreen
        title={say('typeCode')}
        hint={say('delegationConsent', { person: order.beneficiaryIndex, days: order.days })}
        triesLeft={triesLeft}
        act={act}
        onCode={give}
        onCancel={leave}
      />
    );
  }
  const takeBack = (id: string): void =>
    act.run(async () => {
      setNote(null);
      await call('DELETE', `${PATH}/${encodeURIComponent(id)}`);
      setNote('delegationTaken');
      await ask();
    });
  return (
    <Screen title={say('delegationsTitle')} entered={note !== null}>
      <p>{say('delegationsText')}</p>
      <LiveRegion>{note === null ? null : <StatusLine tone="good">{say(note)}</StatusLine>}</LiveRegion>
      <LiveRegion urgent>{act.fault === '' ? null : <p class="fault">{act.fault}</p>}</LiveRegion>
      {view === null ? (
        <div class="row">
          <Button busy={act.busy} onPress={() => act.run(ask)}>
            {say('delegationsShow')}
          </Button>
        </div>
      ) : (
        <>
          <List title={say('delegationsGiven')} list={view.given} busy={act.busy} onTakeBack={takeBack} />
          <List title={say('delegationsReceived')} list={view.received} busy={act.busy} onTakeBack={null} />
          <h3>{say('delegationKey')}</h3>
          <p class="hint">{say('delegationKeyHint')}</p>
          <p>
            <code>{view.key}</code>
          </p>
          <GiveForm
            onGive={(given) => {
              setNote(null);
              act.clear();
              setOrder(given);
              onCode(true);
            }}
          />
        </>
      )}
    </Screen>
  );
}

interface ListProps {
  readonly title: string;
  readonly list: readonly ShownDelegation[];
  readonly busy: boolean;
  /** Null: they are not this phone's to end. */
  readonly onTakeBack: ((id: string) => void) | null;
}

function List({ title, list, busy, onTakeBack }: ListProps) {
  const say = useWords();
  const { instant } = useFormats();
  return (
    <>
      <h3>{title}</h3>
      {list.length === 0 ? <p>{say('delegationsNone')}</p> : null}
      <ul class="plain">
        {list.map(({ id, beneficiaryIndex: person, until, endedAt }) => (
          <li key={id}>
            {endedAt === null
              ? say('delegationUntil', { person, when: instant(until) })
              : say('delegationEnded', { person, when: instant(endedAt) })}
            {endedAt !== null || onTakeBack === null ? null : (
              <div class="row">
                <Button kind="danger" busy={busy} onPress={() => onTakeBack(id)}>
                  {say('delegationTakeBack')}
                </Button>
              </div>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function GiveForm({ onGive }: { readonly onGive: (order: Omit<DelegateRequest, 'code'>) => void }) {
  const say = useWords();
  const [key, setKey] = useState('');
  const [person, setPerson] = useState('1');
  const [days, setDays] = useState('7');
  const [tried, setTried] = useState(false);
  const faults = {
    key: !KEY.test(key.trim()),
    person: !/^\d{1,2}$/.test(person) || Number(person) < 1,
    days: !/^\d{1,2}$/.test(days) || Number(days) < 1 || Number(days) > MOST_DAYS,
  };
  const faultOf = (name: keyof typeof faults): string | undefined =>
    tried && faults[name] ? say('claimWrong') : undefined;
  const give = (event: Event): void => {
    event.preventDefault();
    setTried(true);
    if (faults.key || faults.person || faults.days) return;
    onGive({ delegateKey: key.trim(), beneficiaryIndex: Number(person), days: Number(days) });
  };
  return (
    <form onSubmit={give} noValidate>
      <h3>{say('delegationGive')}</h3>
      <Field
        label={say('delegationOther')}
        hint={say('delegationOtherHint')}
        value={key}
        onValue={setKey}
        maxLength={43}
        fault={faultOf('key')}
      />
      <Field
        label={say('delegationPerson')}
        hint={say('delegationPersonHint')}
        value={person}
        onValue={setPerson}
        inputMode="numeric"
        maxLength={2}
        fault={faultOf('person')}
      />
      <Field
        label={say('delegationDays')}
        hint={say('delegationDaysHint')}
        value={days}
        onValue={setDays}
        inputMode="numeric"
        maxLength={2}
        fault={faultOf('days')}
      />
      <div class="row">
        <Button kind="primary">{say('delegationLet')}</Button>
      </div>
    </form>
  );
}
