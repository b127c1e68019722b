"""Conversations with buyers, and how well they were served."""

from tiktokshop_client.operations._operation import Operation

GET_CONVERSATIONS = Operation(
    "get_conversations",
    "GET",
    "/customer_service/202309/conversations",
    "seller.customer_service",
    rows="conversations",
    paging="query",
    page_size=20,
)
GET_MESSAGES = Operation(
    "get_messages",
    "GET",
    "/customer_service/202309/conversations/{conversation_id}/messages",
    "seller.customer_service",
    rows="messages",
    paging="query",
    page_size=10,
    query={"sort_order": "DESC"},
)
GET_SERVICE_PERFORMANCE = Operation(
    "get_service_performance",
    "GET",
    "/customer_service/202407/performance",
    "seller.customer_service",
    needs=("support_date_ge", "support_date_lt"),
)
SEARCH_SESSIONS = Operation(
    "search_sessions",
    "POST",
    "/customer_service/202602/sessions/search",
    "seller.customer_service",
    rows="sessions",
    paging="query",
    page_size=100,
    body_needs=("begin_time_ge", "begin_time_lt"),
)
GET_CONVERSATION = Operation(
    "get_conversation",
    "GET",
    "/customer_service/202601/conversations/{conversation_id}",
    "seller.customer_service",
)
READ_CONVERSATION = Operation(
    "read_conversation",
    "POST",
    "/customer_service/202309/conversations/{conversation_id}/messages/read",
    "seller.customer_service",
)
SEND_MESSAGE = Operation(
    "send_message",
    "POST",
    "/customer_service/202606/conversations/{conversation_id}/messages",
    "seller.customer_service",
    repeatable=False,
)
SEND_MESSAGE_202309 = Operation(
    "send_message_202309",
    "POST",
    "/customer_service/202309/conversations/{conversation_id}/messages",
    "seller.customer_service",
    repeatable=False,
)
UPLOAD_MESSAGE_IMAGE = Operation(
    "upload_message_image",
    "POST",
    "/customer_service/202309/images/upload",
    "seller.customer_service",
)
