import type { Written } from './source.ts';

/**
 * Words, English and French, without accents, that say that a key is about health. A key is taken apart into its
 * words first (`codeALD`, `medecin_traitant`), so that `activate` is not an act. Plurals are found too.
 */
const WORDS: ReadonlySet<string> = new Set(
  (
    'accident accidente act acte ald allergie allergy antecedent blessure blood cancer chronic chronique ' +
    'comorbidity death deces diagnose diagnosis diagnostic disability disabled disease doctor dosage drug ' +
    'emergency exemption exonerating exoneration exonere grossesse groupesanguin handicap illness implant ' +
    'injury invalidite invalidity maladie maternite maternity medecin medecine medical medicale medicament ' +
    'medication medicine ordonnance organ organe pathologie pathology photo photograph photographie picture ' +
    'portrait pregnancy pregnant prescriber prescripteur prescription sang sanguin situation soin specialist ' +
    'specialite speciality specialty surgery symptom symptome therapie therapy traitant traitement treatment ' +
    'urgence vaccin vaccination vaccine'
  ).split(' '),
);

/** The sentence for such a key. */
export function medicalRefusal(key: string): string {
  return `\`${key}\`: medical data have no place on this card`;
}

/** Whether the name of a key smells of medical data. */
export function isMedical(key: string): boolean {
  const words = key
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/);
  return words.some((word) => isMedicalWord(word));
}

/** Removes every entry with such a key, at any depth, and tells about each. */
export function withoutMedical(written: Written, onFound: (key: string, entry: Written) => void): Written {
  const { value } = written;
  if (typeof value === 'string') return written;
  if (!(value instanceof Map)) return { ...written, value: value.map((item) => withoutMedical(item, onFound)) };
  const kept = new Map<string, Written>();
  for (const [key, entry] of value) {
    if (isMedical(key)) onFound(key, entry);
    else kept.set(key, withoutMedical(entry, onFound));
  }
  return { ...written, value: kept };
}

function isMedicalWord(word: string): boolean {
  if (WORDS.has(word)) return true;
  if (word.endsWith('ies')) return WORDS.has(`${word.slice(0, -3)}y`) || WORDS.has(word.slice(0, -1));
  if (word.endsWith('es') && WORDS.has(word.slice(0, -2))) return true;
  return word.endsWith('s') && WORDS.has(word.slice(0, -1));
}
