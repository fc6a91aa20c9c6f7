import type { ComponentChildren } from 'preact';

interface ButtonProps {
  readonly children: ComponentChildren;
  readonly kind?: 'primary' | 'plain' | 'danger';
  /** Not pressable now, but still found by keyboard and screen reader, which hear of it. */
  readonly disabled?: boolean;
  /** What it does is under way: pressing again does nothing. */
  readonly busy?: boolean;
  readonly label?: string;
  /** For one of a row of which one is chosen. */
  readonly pressed?: boolean;
  readonly current?: boolean;
  readonly className?: string;
  /** Without it the button sends the form that it stands in. */
  readonly onPress?: () => void;
}

export function Button({
  children,
  kind = 'plain',
  disabled,
  busy,
  label,
  pressed,
  current,
  className,
  onPress,
}: ButtonProps) {
  const off = disabled === true || busy === true;
  return (
    <button
      type={onPress === undefined ? 'submit' : 'button'}
      class={`button ${kind}${className === undefined ? '' : ` ${className}`}`}
      aria-disabled={off ? 'true' : undefined}
      aria-busy={busy === true ? 'true' : undefined}
      aria-label={label}
      aria-pressed={pressed}
      aria-current={current === true ? 'page' : undefined}
      onClick={(event) => {
        if (off) event.preventDefault();
        else onPress?.();
      }}
    >
      {children}
    </button>
  );
}
