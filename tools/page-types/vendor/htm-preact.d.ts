// Types of what the page uses of htm and preact, which come without any.

export interface Ref<T> {
  current: T;
}

export function html(parts: TemplateStringsArray, ...values: unknown[]): unknown;
export function render(tree: unknown, place: Element): void;
export function useEffect(effect: () => void | (() => void), inputs?: readonly unknown[]): void;
export function useRef<T>(first: T): Ref<T>;
export function useState<T>(first: T): [T, (next: T | ((before: T) => T)) => void];
