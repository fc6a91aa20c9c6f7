import { useState } from 'preact/hooks';
import { Screen } from '../../../web/page/screen.tsx';
import { LiveRegion } from '../../../web/page/status-line.tsx';
import type { Act } from '../act.ts';
import { useWords } from '../say.ts';
import { Keypad } from './keypad.tsx';

interface CodeScreenProps {
  readonly title: string;
  readonly hint?: string;
  /** Tries of the code that is asked for; null while none is asked for. */
  readonly triesLeft: number | null;
  readonly act: Act;
  readonly onCode: (code: string) => void;
  readonly onCancel: () => void;
}

/** Asks for a code, and says why the last one was refused. */
export function CodeScreen({ title, hint, triesLeft, act, onCode, onCancel }: CodeScreenProps) {
  const say = useWords();
  return (
    <Screen title={title} entered>
      {hint === undefined ? null : <p>{hint}</p>}
      <LiveRegion urgent>{act.fault === '' ? null : <p class="fault">{act.fault}</p>}</LiveRegion>
      {triesLeft === null ? null : <p class="hint">{say('triesLeft', { tries: triesLeft })}</p>}
      <Keypad onCode={onCode} onCancel={onCancel} busy={act.busy} />
    </Screen>
  );
}

interface NewCodeScreenProps {
  readonly act: Act;
  readonly onCode: (code: string) => void;
  readonly onCancel: () => void;
}

/** Asks for a new code twice. A refused one is chosen again from the start. */
export function NewCodeScreen({ act, onCode, onCancel }: NewCodeScreenProps) {
  const say = useWords();
  const [first, setFirst] = useState<string | null>(null);
  const [differ, setDiffer] = useState(false);
  const choose = (code: string): void => {
    act.clear();
    setDiffer(false);
    setFirst(code);
  };
  const repeat = (code: string): void => {
    setFirst(null);
    if (code === first) onCode(code);
    else setDiffer(true);
  };
  const shown = differ ? { ...act, fault: say('codesDiffer') } : act;
  if (first === null) {
    return (
      <CodeScreen
        key="choose"
        title={say('chooseCode')}
        hint={say('chooseCodeHint')}
        triesLeft={null}
        act={shown}
        onCode={choose}
        onCancel={onCancel}
      />
    );
  }
  return (
    <CodeScreen key="repeat" title={say('repeatCode')} triesLeft={null} act={act} onCode={repeat} onCancel={onCancel} />
  );
}
