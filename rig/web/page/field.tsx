import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { useFrameWords } from './language.tsx';

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly hint?: string | undefined;
  /** What is wrong with the value; the field says so to who cannot see it. */
  readonly fault?: string | undefined;
  readonly inputMode?: 'text' | 'numeric' | 'decimal';
  readonly lines?: number;
  readonly maxLength?: number;
  /** Not readable over a shoulder. */
  readonly secret?: boolean;
  /** Whether a line has the keyboard's focus as soon as it is shown; its fault is then read aloud with it. */
  readonly focused?: boolean;
}

/** One line, or several, to type into: label, hint and fault belong to it by name. */
export function Field({
  label,
  value,
  onValue,
  hint,
  fault,
  inputMode,
  lines,
  maxLength,
  secret,
  focused,
}: FieldProps) {
  const id = useId();
  const line = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    if (focused === true) line.current?.focus();
  }, [focused]);
  const described = [hint === undefined ? null : `${id}-hint`, fault === undefined ? null : `${id}-fault`];
  const shared = {
    id,
    value,
    maxLength,
    inputMode,
    autoComplete: 'off',
    autoCapitalize: 'off',
    spellcheck: false,
    'aria-describedby': described.filter((each) => each !== null).join(' ') || undefined,
    'aria-invalid': fault === undefined ? undefined : true,
  } as const;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {hint === undefined ? null : (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {lines === undefined ? (
        <input {...shared} {...typeOf(secret)} ref={line} onInput={(event) => onValue(event.currentTarget.value)} />
      ) : (
        <textarea {...shared} rows={lines} onInput={(event) => onValue(event.currentTarget.value)} />
      )}
      {fault === undefined ? null : (
        <p class="fault" id={`${id}-fault`}>
          {fault}
        </p>
      )}
    </div>
  );
}

function typeOf(secret: boolean | undefined): { readonly type: 'text' } | { readonly type: 'password' } {
  return secret === true ? { type: 'password' } : { type: 'text' };
}

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly { readonly value: Value; readonly words: string }[];
  readonly onValue: (value: Value) => void;
}

/** One of a closed list. */
export function Choice<Value extends string>({ label, value, options, onValue }: ChoiceProps<Value>) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onValue(event.currentTarget.value as Value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.words}
          </option>
        ))}
      </select>
    </div>
  );
}

interface TickProps {
  readonly label: string;
  readonly checked: boolean;
  readonly onValue: (checked: boolean) => void;
}

export function Tick({ label, checked, onValue }: TickProps) {
  return (
    <label class="tick">
      <input type="checkbox" checked={checked} onChange={(event) => onValue(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

interface FileFieldProps {
  readonly label: string;
  readonly hint: string;
  readonly accept: string;
  readonly onFile: (file: File) => void;
  readonly fault?: string | undefined;
}

/** A file that the reader chooses; it is forgotten once it was taken. */
export function FileField({ label, hint, accept, onFile, fault }: FileFieldProps) {
  const id = useId();
  const say = useFrameWords();
  return (
    <div class="field">
      <p class="label">{label}</p>
      <p class="hint" id={`${id}-hint`}>
        {hint}
      </p>
      {/* The browser's own button speaks the browser's language, and names a file that was forgotten. */}
      <label for={id} class="button file" aria-hidden="true">
        {say('chooseFile')}
      </label>
      <input
        id={id}
        type="file"
        class="unseen"
        aria-label={label}
        accept={accept}
        aria-describedby={`${id}-hint`}
        onChange={(event) => {
          const input = event.currentTarget;
          const [file] = input.files ?? [];
          if (file !== undefined) onFile(file);
          input.value = '';
        }}
      />
      {fault === undefined ? null : (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}
