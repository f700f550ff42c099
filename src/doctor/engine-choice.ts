/** Which engine a server on this machine gets when it leaves the choice open. */
export interface EngineChoice {
  readonly name: 'native' | 'node';
  /** Why, as a sentence without its full stop. */
  readonly reason: string;
}

/** Finds out what `engine: 'auto'` comes to. */
export type EngineProbe = () => EngineChoice;
