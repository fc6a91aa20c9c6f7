import { formatEuros, formatNir, organismName, qualityName, regimeName } from '../../../src/applet/vitale/index.ts';
import { shown } from '../../console/shown.ts';
import { type CounterPerson, type CounterReading, isRefused, type ListAge, MASK } from './reading.ts';

const VERDICTS = { pass: 'PASS', fail: 'FAIL', 'not checked': 'INCONCLUSIVE' } as const;

/** A reading as a person at a counter wants it: who is here, are rights open, since when is this known. */
export function readingInWords(reading: CounterReading): string {
  const lines = [`Presented by ${reading.way}, ${clock(reading.at)}`];
  if (reading.people.length > 0) {
    lines.push('', `People, with their rights on ${isoDay(reading.rightsOn)}`, ...reading.people.flatMap(personLines));
  } else if (isRefused(reading)) lines.push('', 'Nobody is shown: a check failed');
  if (reading.affiliation !== null) {
    const { regime, caisse, centre, codeGestion } = reading.affiliation;
    const names = [regimeName(regime), organismName(reading.affiliation)].map((name) =>
      name === null ? '' : ` ${name}`,
    );
    lines.push(
      '',
      'Affiliation',
      `  régime ${regime}${names[0]}`,
      `  caisse ${caisse}${names[1]}, centre ${centre}, code gestion ${codeGestion}`,
    );
  }
  if (reading.invoices !== null) lines.push('', ...invoiceLines(reading));
  lines.push('', 'Known', `  ${knownInWords(reading)}`, '', 'Checked');
  for (const { what, by, verdict, detail } of reading.checks) {
    lines.push(
      `  ${VERDICTS[verdict].padEnd(12)}  ${what}, by this ${by}: ${shown(detail)}`.replace(
        'this issuer',
        'the issuer',
      ),
    );
  }
  lines.push(`  ${activationInWords(reading)}`);
  if (reading.followUp !== null) {
    const { kind, id, expiresAt } = reading.followUp;
    const until = expiresAt === null ? '' : ` until ${clock(expiresAt)}`;
    lines.push('', `A claim may follow${until}: vitap counter claim FILE --after ${id} (${kind})`);
  }
  return `${lines.join('\n')}\n`;
}

function personLines(person: CounterPerson): string[] {
  const { firstName, usualName, birthName, quality, nir, rights, open } = person;
  const name = firstName === MASK ? MASK : shown(`${firstName} ${usualName}`);
  const born = birthName === null || birthName === MASK ? '' : ` (born ${shown(birthName)})`;
  const periods = rights.map(({ start, end }) => `${isoDay(start)} to ${end === null ? '…' : isoDay(end)}`);
  return [
    `  ${person.index}  ${name}${born}, ${qualityName(quality) ?? `quality ${quality}`}, born ${isoDay(person.birthDate)}`,
    ...(nir === null ? [] : [`     NIR ${nir.nir === MASK ? MASK : `${formatNir(nir.nir)}  key ${nir.key}`}`]),
    open === null
      ? '     rights not told'
      : `     rights ${open ? 'OPEN' : 'NOT OPEN'}${periods.length === 0 ? '' : `: ${periods.join('; ')}`}`,
  ];
}

function invoiceLines({ invoices }: CounterReading): string[] {
  if (invoices === null || invoices.length === 0) return ['Invoices', '  none'];
  return [
    'Invoices',
    ...invoices.map(
      ({ date, number, professionalName, beneficiaryIndex, total, status }) =>
        `  ${isoDay(date)}  ${number}  ${shown(professionalName)}, person ${beneficiaryIndex}, ${formatEuros(total)}, ${status}`,
    ),
  ];
}

function knownInWords({ known, at }: CounterReading): string {
  switch (known.from) {
    case 'card':
      return `read from the card itself, ${clock(known.since)}`;
    case 'issuer':
      return `told by the issuer, ${clock(known.since)}`;
    case 'signature':
      return `signed by the issuer ${clock(known.since)}, ${ageInWords(seconds(known.since, at))} ago: rights may have changed since`;
  }
}

function activationInWords({ activation: { state, list } }: CounterReading): string {
  const verdict = state === 'active' ? 'PASS' : state === 'revoked' ? 'FAIL' : 'INCONCLUSIVE';
  const words = { active: 'active', revoked: 'REVOKED', 'not checked': 'not looked up' }[state];
  return `${verdict.padEnd(12)}  activation: ${words}${list === null ? '' : `, by ${listInWords(list)}`}`;
}

const SOURCES = { file: 'a list from a file', issuer: 'the issuer’s list', cache: 'the list kept here' } as const;

/** `the issuer’s list, 3 min old`. */
export function listInWords({ from, ageSeconds, stale }: ListAge): string {
  return `${SOURCES[from]}, ${ageInWords(ageSeconds)} old${stale ? ' (STALE)' : ''}`;
}

/** Seconds as a person says them, in the largest unit that fits: `2 days`. */
export function ageInWords(age: number): string {
  const [size, unit] =
    age < 120 ? [1, 's'] : age < 7200 ? [60, 'min'] : age < 172_800 ? [3600, 'h'] : ([86_400, 'days'] as const);
  return `${Math.floor(age / size)} ${unit}`;
}

function seconds(from: string, to: string): number {
  return Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1000));
}

/** `2026-11-29 10:15:02 UTC`. */
function clock(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`;
}

/** AAAAMMJJ as AAAA-MM-JJ; anything else as it is. */
function isoDay(day: string): string {
  return /^\d{8}$/.test(day) ? `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}` : day;
}
