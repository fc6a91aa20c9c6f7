import { StatusLine } from '../../../web/page/status-line.tsx';
import { type ReadingWarning, readWarning } from '../../counter/warnings.ts';
import { type Phrase, useWords } from '../say.ts';

const WORDS_OF = {
  keysNotAsked: 'warnKeysNotAsked',
  keysKept: 'warnKeysKept',
  listNotAsked: 'warnListNotAsked',
  listStale: 'warnListStale',
  listStaleBy: 'warnListStaleBy',
  noList: 'warnNoList',
  noCredential: 'warnNoCredential',
  noTrust: 'warnNoTrust',
  credentialNotBelieved: 'warnCredentialNotBelieved',
  notLookedUp: 'warnNotLookedUp',
  listNotBelieved: 'warnListNotBelieved',
} as const satisfies Record<ReadingWarning, Phrase>;

/** A warning of a reading in the reader's language; what a machine said on the way stays in its own, which is English. */
export function WarningLine({ warning }: { readonly warning: string }) {
  const say = useWords();
  const known = readWarning(warning);
  if (known === null) {
    return (
      <StatusLine tone="unsure">
        <span lang="en">{warning}</span>
      </StatusLine>
    );
  }
  const { problem, age, ...values } = known.values;
  const days = /^(\d+) days$/.exec(String(age ?? ''))?.[1];
  const said = {
    ...values,
    ...(age !== undefined && { age: days === undefined ? age : say('ageDays', { count: days }) }),
  };
  return (
    <StatusLine tone="unsure">
      {say(WORDS_OF[known.code], said)}
      {problem === undefined ? null : (
        <>
          {' '}
          <span lang="en">({problem})</span>
        </>
      )}
    </StatusLine>
  );
}
