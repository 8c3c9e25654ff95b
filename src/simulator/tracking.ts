import type { Directory } from './directory.ts';
import { expiryMs, notCollected } from './mailbox-store.ts';
import type { StoredMessage } from './message.ts';
import type { ApiVersion } from './refusals.ts';
import { compactTime, zonelessTime } from './stamps.ts';

/** What MESH tells a sender of a message (mesh-api.yaml, tracking; times of version 1 are 14 digits, of version 2 ISO). */
export function trackingView(message: StoredMessage, directory: Directory, version: ApiVersion): unknown {
  const recipient = directory.find(message.to);
  const failed = message.status === 'undeliverable';
  const expiresAt = (message.acceptedAt || message.createdAt) + expiryMs;
  if (version === 2)
    return withoutEmpty({
      message_id: message.id,
      local_id: message.localId,
      workflow_id: message.workflowId,
      filename: message.fileName,
      expiry_time: zonelessTime(expiresAt),
      upload_timestamp: zonelessTime(message.createdAt),
      recipient: message.to,
      recipient_name: recipient?.name ?? '',
      recipient_ods_code: recipient?.odsCode ?? '',
      recipient_org_code: recipient?.odsCode ?? '',
      recipient_org_name: recipient?.name ?? '',
      status_success: !failed,
      status: message.status,
    });
  return {
    addressType: 'ALL',
    checksum: message.checksum,
    chunkCount: message.totalChunks,
    compressFlag: message.compressed ? 'Y' : '',
    contentEncoding: message.encoding,
    downloadTimestamp: message.status === 'acknowledged' ? compactTime(message.statusAt) : '',
    dtsId: message.id,
    encryptedFlag: message.encrypted ? 'Y' : '',
    expiryTime: compactTime(expiresAt),
    ...(failed
      ? {
          failureDate: compactTime(message.statusAt),
          failureDiagnostic: notCollected(message.id).description,
        }
      : {}),
    fileName: message.fileName,
    fileSize: message.fileSize,
    isCompressed: message.compressed ? 'Y' : '',
    localId: message.localId,
    meshRecipientOdsCode: recipient?.odsCode ?? '',
    messageId: message.id,
    messageType: 'Data',
    partnerId: message.partnerId,
    recipient: message.to,
    recipientName: recipient?.name ?? '',
    sender: message.from,
    senderName: directory.find(message.from)?.name ?? '',
    status: message.status.replace(/^./, (first) => first.toUpperCase()),
    statusSuccess: failed ? 'ERROR' : 'SUCCESS',
    subject: message.subject,
    uploadTimestamp: compactTime(message.createdAt),
    version: '1.0',
    workflowId: message.workflowId,
  };
}

const withoutEmpty = (view: Record<string, string | boolean>): Record<string, string | boolean> =>
  Object.fromEntries(Object.entries(view).filter(([, value]) => value !== ''));
