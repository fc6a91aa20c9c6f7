import { useState } from 'preact/hooks';
import type { Call } from '../../../web/page/access.ts';
import { Button } from '../../../web/page/button.tsx';
import { Field } from '../../../web/page/field.tsx';
import { Screen } from '../../../web/page/screen.tsx';
import type { RunSummary } from '../../api/run.ts';
import { Failure, RunList, useAsked, useWords } from './parts.tsx';

const LONGEST = 100;

interface SearchProps {
  readonly call: Call;
  readonly openRun: (id: string) => void;
}

/** Runs by words. */
export function SearchPanel({ call, openRun }: SearchProps) {
  const say = useWords();
  const [words, setWords] = useState('');
  const [asked, ask] = useState<string | null>(null);
  const { view, failure } = useAsked<{ runs: readonly RunSummary[] }>(
    call,
    asked === null ? null : `/v1/search?${new URLSearchParams({ words: asked })}`,
  );
  return (
    <Screen title={say('tabSearch')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (words.trim() !== '') ask(words.trim());
        }}
      >
        <Field
          label={say('searchWords')}
          hint={say('searchHint')}
          value={words}
          onValue={setWords}
          maxLength={LONGEST}
        />
        <Button kind="primary">{say('searchNow')}</Button>
      </form>
      <Failure heard={asked === null || view !== null} failure={failure} />
      {view?.runs.length === 0 ? <p>{say('foundNothing')}</p> : null}
      <RunList runs={view?.runs ?? []} open={openRun} />
    </Screen>
  );
}
