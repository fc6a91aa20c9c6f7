import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../../../web/page/button.tsx';
import { LiveRegion } from '../../../web/page/status-line.tsx';
import { useWords } from '../say.ts';

const LENGTH = 6;
const KEYS: readonly string[] = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];

interface KeypadProps {
  /** Takes the code; the keypad has forgotten it by then. */
  readonly onCode: (code: string) => void;
  readonly onCancel: () => void;
  readonly busy: boolean;
}

/**
 * Types a code of six digits, by its keys or by the keyboard's. The digits are in no element and no attribute of the
 * page: it shows how many there are.
 */
export function Keypad({ onCode, onCancel, busy }: KeypadProps) {
  const say = useWords();
  const digits = useRef<string[]>([]);
  const [typed, setTyped] = useState(0);
  const forget = (): void => {
    digits.current.fill('');
    digits.current = [];
    setTyped(0);
  };
  const add = (digit: string): void => {
    if (busy || digits.current.length === LENGTH) return;
    digits.current.push(digit);
    setTyped(digits.current.length);
  };
  const erase = (): void => {
    digits.current.pop();
    setTyped(digits.current.length);
  };
  const send = (): void => {
    if (busy || digits.current.length !== LENGTH) return;
    const code = digits.current.join('');
    forget();
    onCode(code);
  };
  const onKey = useRef((_event: KeyboardEvent): void => {});
  onKey.current = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const { key, target } = event;
    if (/^[0-9]$/.test(key)) add(key);
    else if (key === 'Backspace') erase();
    else if (key === 'Escape') onCancel();
    // On a button Enter presses that button.
    else if (key === 'Enter' && !(target instanceof HTMLButtonElement)) send();
  };
  // Before the keypad is seen, so that no key is lost.
  useLayoutEffect(() => {
    const listen = (event: KeyboardEvent): void => onKey.current(event);
    const wipe = (): void => {
      if (document.hidden) forget();
    };
    window.addEventListener('keydown', listen);
    document.addEventListener('visibilitychange', wipe);
    return () => {
      window.removeEventListener('keydown', listen);
      document.removeEventListener('visibilitychange', wipe);
      digits.current.fill('');
    };
  }, []);
  return (
    <>
      <p class="hint">{say('keypadHint')}</p>
      <div class="dots" aria-hidden="true">
        {Array.from({ length: LENGTH }, (_, index) => (
          <span key={index} class={index < typed ? 'dot full' : 'dot'} />
        ))}
      </div>
      <div class="unseen">
        <LiveRegion>{say('digitsTyped', { typed, all: LENGTH })}</LiveRegion>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form, and nothing here is sent as one */}
      <div role="group" class="keypad" aria-label={say('keypad')}>
        {KEYS.map((key) => (
          <Button key={key} onPress={() => add(key)}>
            {key}
          </Button>
        ))}
        <Button onPress={erase}>{say('erase')}</Button>
        <Button onPress={() => add('0')}>0</Button>
        <Button kind="primary" disabled={typed !== LENGTH} busy={busy} onPress={send}>
          {say('confirm')}
        </Button>
      </div>
      <div class="row">
        <Button onPress={onCancel}>{say('cancel')}</Button>
      </div>
    </>
  );
}
