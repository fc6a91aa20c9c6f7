import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Button } from '../../../web/page/button.tsx';
import { useWords } from './parts.tsx';

interface ConfirmProps {
  readonly title: string;
  /** What happens, in a sentence. */
  readonly children: ComponentChildren;
  /** On the button that does it. */
  readonly act: string;
  readonly kind?: 'primary' | 'danger';
  /** Does it. @returns null: done; otherwise why not, in words */
  readonly onAct: () => Promise<string | null>;
  readonly close: () => void;
}

/** A question before an act that cannot be taken back; Escape and “no” leave everything as it is. */
export function Confirm({ title, children, act, kind = 'danger', onAct, close }: ConfirmProps) {
  const say = useWords();
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const [busy, beBusy] = useState(false);
  const [fault, setFault] = useState('');
  useEffect(() => {
    dialog.current?.showModal();
    // What was pressed may be gone with what it did.
    return () => {
      setTimeout(() => {
        if (document.activeElement === document.body)
          document.getElementById('content')?.focus({ preventScroll: true });
      });
    };
  }, []);
  const end = (): void => dialog.current?.close();
  const send = async (): Promise<void> => {
    if (busy) return;
    beBusy(true);
    setFault('');
    const refused = await onAct();
    if (refused === null) return end();
    beBusy(false);
    setFault(refused);
  };
  return (
    <dialog ref={dialog} aria-labelledby={heading} onClose={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <h2 id={heading}>{title}</h2>
        {children}
        {fault === '' ? null : (
          <p class="fault" role="alert">
            {fault}
          </p>
        )}
        <div class="row">
          <Button onPress={end}>{say('no')}</Button>
          <Button kind={kind} busy={busy}>
            {act}
          </Button>
        </div>
      </form>
    </dialog>
  );
}
