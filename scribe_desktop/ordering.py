"""What is asked of which service: the settings and what the service offers, made into an order.

Pure choice: it reads the settings that are in force and the last known offer,
and neither waits for a network nor changes anything.
"""

from scribe_desktop.collaborators import Services
from scribe_desktop.domain.chunker import LOCAL_CUTS, SINGLE_CUTS, Cuts, remote_cuts
from scribe_desktop.domain.order import THIS_COMPUTER, Order, ServiceRef, UploadType
from scribe_desktop.domain.settings import Settings


def usual_order(settings: Settings, services: Services) -> Order:
    """What the clinician asks for when nothing else is said; raises SettingsError."""
    service = service_named(settings.service, settings, services)
    return Order(
        service=service,
        model=settings.model,
        mode=settings.mode,
        languages=settings.languages,
        transcript_language=settings.transcript_language or None,
        templates=settings.templates,
        upload_type=upload_type_for(service, settings, services),
        additional=settings.additional_for(service),
    )


def upload_type_for(service: ServiceRef, settings: Settings, services: Services) -> UploadType:
    """How audio goes to that service, as the clinician chose and the service offers."""
    if service.is_local:
        return UploadType.CHUNKED
    return settings.upload_type_for(service, services.offer(service).upload_types)


def service_named(
    name_or_url: str, settings: Settings, services: Services, dialect: str = ""
) -> ServiceRef:
    """The service of that name, or at that URL; raises SettingsError."""
    if name_or_url == THIS_COMPUTER:
        return ServiceRef()
    return services.named(name_or_url, dialect, settings)


def cuts_for(order: Order, services: Services) -> Cuts:
    """Where this order's audio is cut: as the engine here likes it, or as the service limits it."""
    if order.service.is_local:
        return LOCAL_CUTS
    if order.upload_type is UploadType.SINGLE:
        return SINGLE_CUTS
    return remote_cuts(services.offer(order.service).max_chunk_s)
