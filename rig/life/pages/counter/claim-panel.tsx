import { useState } from 'preact/hooks';
import type { Call } from '../../../web/page/access.ts';
import { Button } from '../../../web/page/button.tsx';
import { Choice, Field, Tick } from '../../../web/page/field.tsx';
import { Screen } from '../../../web/page/screen.tsx';
import { LiveRegion, StatusLine, type Tone } from '../../../web/page/status-line.tsx';
import { useAct } from '../act.ts';
import { type Say, useFormats, useWords } from '../say.ts';
import { centsOf, claimOf, type Draft, EMPTY_DRAFT, faultsOf } from './draft.ts';
import type { ClaimAnswer, ClaimRequest, CounterReading, CounterView } from './view.ts';

const OUTCOMES = {
  'on the card': ['claimOnCard', 'good'],
  sent: ['claimSent', 'good'],
  waiting: ['claimWaiting', 'unsure'],
  refused: ['claimRefused', 'bad'],
} as const satisfies Record<ClaimAnswer['state'], readonly [Parameters<Say>[0], Tone]>;

/** Who writes here stays the same from one claim to the next; nothing of the person who was treated does. */
let professional = { professionalId: '', professionalName: '' };

interface ClaimPanelProps {
  readonly call: Call;
  readonly reading: CounterReading;
  readonly view: CounterView;
  readonly refresh: () => void;
}

/** The summary that goes back to the holder: closed fields, and the way back that the reading left open. */
export function ClaimPanel({ call, reading, view, refresh }: ClaimPanelProps) {
  const say = useWords();
  const { euros } = useFormats();
  const act = useAct(refresh);
  const [draft, setDraft] = useState<Draft>(() => ({
    ...EMPTY_DRAFT,
    ...professional,
    date: `${reading.rightsOn.slice(0, 4)}-${reading.rightsOn.slice(4, 6)}-${reading.rightsOn.slice(6)}`,
    beneficiaryIndex: String(reading.people[0]?.index ?? 1),
  }));
  const [can, setCan] = useState('');
  const [tried, setTried] = useState(false);
  const [answer, setAnswer] = useState<ClaimAnswer | null>(null);
  const toCard = reading.followUp === null;
  const faults = faultsOf(draft);
  const wrongCan = toCard && !/^\d{6}$/.test(can);
  const set = (name: keyof Draft) => (value: string) => setDraft((before) => ({ ...before, [name]: value }));
  const faultOf = (name: keyof Draft): string | undefined =>
    tried && faults.includes(name) ? say('claimWrong') : undefined;
  const total = centsOf(draft.amo) + centsOf(draft.amc) + centsOf(draft.patient);

  const send = (event: Event): void => {
    event.preventDefault();
    setTried(true);
    setAnswer(null);
    if (faults.length > 0 || wrongCan) return;
    const { professionalId, professionalName } = draft;
    professional = { professionalId, professionalName };
    act.run(async () => {
      const request: ClaimRequest = {
        claim: claimOf(draft),
        after: reading.followUp?.id ?? null,
        can: toCard ? can : null,
      };
      setAnswer(await call<ClaimAnswer>('POST', '/api/counter/claim', request));
      setTried(false);
    });
  };
  if (toCard && view.reader === null) return null;
  return (
    <Screen title={say('claimTitle')}>
      <p class="hint">{say('claimText')}</p>
      <LiveRegion urgent>{act.fault === '' ? null : <p class="fault">{act.fault}</p>}</LiveRegion>
      <LiveRegion>{answer === null ? null : <Outcome answer={answer} say={say} />}</LiveRegion>
      <form onSubmit={send} noValidate>
        <Choice
          label={say('claimFor')}
          value={draft.beneficiaryIndex}
          options={reading.people.map(({ index, firstName }) => ({
            value: String(index),
            words: `${index} · ${firstName}`,
          }))}
          onValue={set('beneficiaryIndex')}
        />
        <div class="pairs">
          <Field
            label={say('claimNumber')}
            hint={say('claimDigits')}
            value={draft.number}
            onValue={set('number')}
            inputMode="numeric"
            maxLength={9}
            fault={faultOf('number')}
          />
          <Field
            label={say('claimDate')}
            hint={say('claimDateHint')}
            value={draft.date}
            onValue={set('date')}
            maxLength={10}
            fault={faultOf('date')}
          />
          <Field
            label={say('claimProfessionalId')}
            hint={say('claimDigits')}
            value={draft.professionalId}
            onValue={set('professionalId')}
            inputMode="numeric"
            maxLength={9}
            fault={faultOf('professionalId')}
          />
          <Field
            label={say('claimProfessionalName')}
            hint={say('claimNameHint')}
            value={draft.professionalName}
            onValue={set('professionalName')}
            maxLength={43}
            fault={faultOf('professionalName')}
          />
          <Field
            label={say('amo')}
            hint={say('claimEurosHint')}
            value={draft.amo}
            onValue={set('amo')}
            inputMode="decimal"
            maxLength={12}
            fault={faultOf('amo')}
          />
          <Field
            label={say('amc')}
            hint={say('claimEurosHint')}
            value={draft.amc}
            onValue={set('amc')}
            inputMode="decimal"
            maxLength={12}
            fault={faultOf('amc')}
          />
          <Field
            label={say('claimPatient')}
            hint={say('claimEurosHint')}
            value={draft.patient}
            onValue={set('patient')}
            inputMode="decimal"
            maxLength={12}
            fault={faultOf('patient')}
          />
        </div>
        <Tick
          label={say('thirdParty')}
          checked={draft.thirdParty === 'yes'}
          onValue={(checked) => set('thirdParty')(checked ? 'yes' : 'no')}
        />
        <p>
          <strong>{say('claimTotal', { total: Number.isNaN(total) ? '–' : euros(total) })}</strong>
        </p>
        {toCard ? (
          <Field
            label={say('tapCan')}
            hint={say('claimConsent')}
            value={can}
            onValue={setCan}
            inputMode="numeric"
            maxLength={6}
            fault={tried && wrongCan ? say('tapCanWrong') : undefined}
          />
        ) : null}
        <div class="row">
          <Button kind="primary" busy={act.busy}>
            {say(toCard ? 'claimToCard' : 'claimSend')}
          </Button>
        </div>
      </form>
    </Screen>
  );
}

function Outcome({ answer, say }: { readonly answer: ClaimAnswer; readonly say: Say }) {
  const [words, tone] = OUTCOMES[answer.state];
  return (
    <StatusLine tone={tone}>
      {say(words)} {answer.problem === null ? null : <span lang="en">{answer.problem}</span>}
    </StatusLine>
  );
}
