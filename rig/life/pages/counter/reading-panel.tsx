import { Button } from '../../../web/page/button.tsx';
import { Screen } from '../../../web/page/screen.tsx';
import { StatusLine, type Tone } from '../../../web/page/status-line.tsx';
import { type Say, useFormats, useWords } from '../say.ts';
import { checkName } from './check-names.ts';
import type { CounterReading } from './view.ts';
import { WarningLine } from './warning-line.tsx';

type Person = CounterReading['people'][number];
type Check = CounterReading['checks'][number];

const WAYS = {
  card: 'wayCard',
  'presence by NFC': 'wayPresenceNfc',
  'presence QR': 'wayPresenceQr',
  'offline QR': 'wayOfflineQr',
} as const;
const KNOWN = { card: 'knownCard', issuer: 'knownIssuer', signature: 'knownSignature' } as const;
const STATES = {
  active: 'activationActive',
  revoked: 'activationRevoked',
  'not checked': 'activationUnknown',
} as const;
const STATE_TONES: Readonly<Record<keyof typeof STATES, Tone>> = {
  active: 'good',
  revoked: 'bad',
  'not checked': 'unsure',
};
const VERDICTS = { pass: 'checkPass', fail: 'checkFail', 'not checked': 'checkNone' } as const;
const VERDICT_TONES: Readonly<Record<keyof typeof VERDICTS, Tone>> = {
  pass: 'good',
  fail: 'bad',
  'not checked': 'unsure',
};
const QUALITIES = [
  'quality0',
  'quality1',
  'quality2',
  'quality3',
  'quality4',
  'quality5',
  'quality6',
  null,
  'quality8',
  'quality9',
] as const;

interface ReadingPanelProps {
  readonly reading: CounterReading | null;
  readonly onNext: () => void;
}

/** Who is here, are rights open, and how this is known. */
export function ReadingPanel({ reading, onNext }: ReadingPanelProps) {
  const say = useWords();
  if (reading === null) {
    return (
      <Screen title={say('whoTitle')}>
        <p>{say('whoNobody')}</p>
      </Screen>
    );
  }
  const { people, affiliation, warnings } = reading;
  return (
    <Screen title={say('whoTitle')} entered>
      {people.length === 0 ? <StatusLine tone="bad">{say('whoRefused')}</StatusLine> : null}
      <ul class="plain">
        {people.map((person) => (
          <PersonItem key={person.index} person={person} rightsOn={reading.rightsOn} />
        ))}
      </ul>
      {affiliation === null ? null : (
        <dl class="facts">
          <dt>{say('affiliation')}</dt>
          <dd>{say('affiliationIs', { ...affiliation })}</dd>
        </dl>
      )}
      <h3>{say('howKnown')}</h3>
      <Known reading={reading} />
      {reading.checks.length === 0 ? null : <h3>{say('checks')}</h3>}
      {reading.checks.map((check) => (
        <CheckLine key={check.what} check={check} say={say} />
      ))}
      {warnings.length === 0 ? null : <h3>{say('warnings')}</h3>}
      {warnings.map((warning) => (
        <WarningLine key={warning} warning={warning} />
      ))}
      <div class="row">
        <Button onPress={onNext}>{say('nextPerson')}</Button>
      </div>
    </Screen>
  );
}

function PersonItem({ person, rightsOn }: { readonly person: Person; readonly rightsOn: string }) {
  const say = useWords();
  const { day } = useFormats();
  const quality = QUALITIES[person.quality] ?? null;
  return (
    <li>
      <h3>
        {person.firstName} {person.usualName}
        {quality === null ? '' : ` · ${say(quality)}`}
      </h3>
      <StatusLine tone={person.open ? 'good' : 'bad'}>
        {say(person.open ? 'rightsOpen' : 'rightsClosed', { day: day(rightsOn) })}
      </StatusLine>
      <dl class="facts">
        {person.birthName === null ? null : (
          <>
            <dt>{say('birthName')}</dt>
            <dd>{person.birthName}</dd>
          </>
        )}
        <dt>{say('born')}</dt>
        <dd>{day(person.birthDate)}</dd>
        {person.nir === null ? null : (
          <>
            <dt>{say('nir')}</dt>
            <dd>{say('nirKey', { nir: spaced(person.nir.nir), key: person.nir.key })}</dd>
          </>
        )}
      </dl>
    </li>
  );
}

function Known({ reading }: { readonly reading: CounterReading }) {
  const say = useWords();
  const { instant } = useFormats();
  const { way, known, activation } = reading;
  return (
    <>
      <StatusLine tone={STATE_TONES[activation.state]}>
        {say('activationIs', { state: say(STATES[activation.state]) })}
      </StatusLine>
      <dl class="facts">
        <dt>{say('way')}</dt>
        <dd>{say(WAYS[way])}</dd>
        <dt>{say('knownSince')}</dt>
        <dd>{say(KNOWN[known.from], { when: instant(known.since) })}</dd>
        {activation.list === null ? null : (
          <>
            <dt>{say('listAge')}</dt>
            <dd>
              {say(activation.list.stale ? 'listStale' : 'listFresh', {
                age: ageInWords(activation.list.ageSeconds, say),
              })}
            </dd>
          </>
        )}
      </dl>
    </>
  );
}

function CheckLine({ check, say }: { readonly check: Check; readonly say: Say }) {
  const words = say('checkIs', {
    name: checkName(check.what, say) ?? check.what,
    verdict: say(VERDICTS[check.verdict]),
    by: say(check.by === 'counter' ? 'byCounter' : 'byIssuer'),
  });
  return <StatusLine tone={VERDICT_TONES[check.verdict]}>{words}</StatusLine>;
}

function ageInWords(seconds: number, say: Say): string {
  if (seconds < 120) return say('ageSeconds', { count: seconds });
  if (seconds < 7200) return say('ageMinutes', { count: Math.round(seconds / 60) });
  if (seconds < 172_800) return say('ageHours', { count: Math.round(seconds / 3600) });
  return say('ageDays', { count: Math.round(seconds / 86_400) });
}

/** A NIR in its parts, as it is read aloud. */
function spaced(nir: string): string {
  return nir.replace(/^(.)(..)(..)(..)(...)(...)$/, '$1 $2 $3 $4 $5 $6');
}
