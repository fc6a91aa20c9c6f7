import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../../../web/page/button.tsx';
import { Field } from '../../../web/page/field.tsx';
import { LiveRegion } from '../../../web/page/status-line.tsx';
import type { RunSummary } from '../../api/run.ts';
import { Failure, LabScreen, RunList, useAsked, useWords } from './parts.tsx';
import { goTo } from './route.ts';
import type { Session } from './session.tsx';

const LONGEST = 100;

interface SearchProps {
  readonly session: Session;
  readonly entered: boolean;
  /** What was asked for; empty: nothing yet. */
  readonly words: string;
}

/** Runs by words. */
export function SearchPanel({ session: { call }, entered, words: asked }: SearchProps) {
  const say = useWords();
  const [words, setWords] = useState(asked);
  const shown = useRef(asked);
  useEffect(() => {
    // An effect comes after the paint: on the first one there may be typed words already.
    if (shown.current !== asked) setWords(asked);
    shown.current = asked;
  }, [asked]);
  const { view, failure } = useAsked<{ runs: readonly RunSummary[] }>(
    call,
    asked === '' ? null : `/v1/search?${new URLSearchParams({ words: asked })}`,
  );
  const found =
    view === null ? '' : view.runs.length === 0 ? say('foundNothing') : say('found', { count: view.runs.length });
  return (
    <LabScreen title={asked === '' ? say('tabSearch') : say('searchOf', { words: asked })} entered={entered}>
      <form
        class="search"
        onSubmit={(event) => {
          event.preventDefault();
          if (words.trim() !== '') goTo({ page: 'search', words: words.trim() });
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
      <Failure heard={asked === '' || view !== null} failure={failure} />
      <LiveRegion>{found === '' ? null : <p class="hint">{found}</p>}</LiveRegion>
      <RunList runs={view?.runs ?? []} />
    </LabScreen>
  );
}
