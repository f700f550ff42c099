import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../frame/tree.js';

/** The members of the public interfaces, by interface, as the compiler sees them in the built types. */
export function publicMembers(): (type: string) => Set<string> {
  const entries = ['index', 'streams/index'].map((name) => join(root, 'dist', `${name}.d.ts`));
  const program = ts.createProgram(entries, {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
  });
  const checker = program.getTypeChecker();
  const exported = new Map(
    entries.flatMap((file) => {
      const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
      return checker.getExportsOfModule(module).map((symbol) => [symbol.name, symbol] as const);
    }),
  );
  return (type) => {
    const symbol = exported.get(type);
    if (symbol === undefined) throw new Error(`${type} is not exported`);
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const members = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(target));
    return new Set(members.map(({ name }) => name));
  };
}
