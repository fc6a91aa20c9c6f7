import { useState } from 'preact/hooks';
import type { Call } from '../../../web/page/access.ts';
import { Button } from '../../../web/page/button.tsx';
import { Choice, Field, Tick } from '../../../web/page/field.tsx';
import { Screen } from '../../../web/page/screen.tsx';
import { LiveRegion, StatusLine, type Tone } from '../../../web/page/status-line.tsx';
import { useAct } from '../act.ts';
import { type Say, useFormats, useRefusalWords, useWords } from '../say.ts';
import type { WORDS } from '../words.ts';
import { centsOf, claimOf, type Draft, EMPTY_DRAFT, faultsOf } from './draft.ts';
import type { ClaimAnswer, ClaimRequest, CounterReading, CounterView } from './view.ts';

const OUTCOMES = {
  'on the card': ['claimOnCard', 'good'],
  sent: ['claimSent', 'good'],
  waiting: ['claimWaiting', 'unsure'],
  refused: ['claimRefused', 'bad'],
} as const satisfies Record<ClaimAnswer['state'], readonly [Parameters<Say>[0], Tone]>;

interface FieldRow {
  readonly name: keyof Draft;
  readonly label: keyof typeof WORDS;
  readonly hint: keyof typeof WORDS;
  readonly inputMode: 'text' | 'numeric' | 'decimal';
  readonly maxLength: number;
}

const digits = { hint: 'claimDigits', inputMode: 'numeric', maxLength: 9 } as const;
const euros = { hint: 'claimEurosHint', inputMode: 'decimal', maxLength: 12 } as const;
const FIELDS: readonly FieldRow[] = [
  { name: 'number', label: 'claimNumber', ...digits },
  { name: 'date', label: 'claimDate', hint: 'claimDateHint', inputMode: 'text', maxLength: 10 },
  { name: 'professionalId', label: 'claimProfessionalId', ...digits },
  {
    name: 'professionalName',
    label: 'claimProfessionalName',
    hint: 'claimNameHint',
    inputMode: 'text',
    maxLength: 43,
  },
  { name: 'amo', label: 'amo', ...euros },
  { name: 'amc', label: 'amc', ...euros },
  { name: 'patient', label: 'claimPatient', ...euros },
];

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
          {FIELDS.map(({ name, label, hint, inputMode, maxLength }) => (
            <Field
              key={name}
              label={say(label)}
              hint={say(hint)}
              value={draft[name]}
              onValue={set(name)}
              inputMode={inputMode}
              maxLength={maxLength}
              fault={faultOf(name)}
            />
          ))}
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
  const inWords = useRefusalWords();
  const [words, tone] = OUTCOMES[answer.state];
  return (
    <StatusLine tone={tone}>
      {say(words)} {answer.problem === null ? null : inWords(answer.problem)}
    </StatusLine>
  );
}
