/** Texts that are shown as documents which cannot be changed: the log of a job, and what the doctor says. */

import * as vscode from "vscode";

export const SCHEME = "pipe-rpc";

export class Documents implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly changes = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changes.event;
  /** What nobody looks at any more is forgotten. */
  private readonly closing = vscode.workspace.onDidCloseTextDocument((document) => {
    this.texts.delete(document.uri.toString());
  });

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? "[this is no more: show it again]\n";
  }

  /** Show a text under a name, in the place of what had that name. */
  async show(name: string, text: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${name.replaceAll("/", "\u2215")}` });
    this.texts.set(uri.toString(), text);
    this.changes.fire(uri);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
  }

  dispose(): void {
    this.closing.dispose();
    this.changes.dispose();
  }
}
